// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a line of a statement pays now. policy/src/statement-line.ts is the same, to the unit.
library StatementLine {
    uint256 internal constant PPM = 1_000_000;

    /// @notice Cumulative sums for one provider out of one lane, in the token's smallest unit. What the network keeps is gross − net.
    struct Sums {
        uint128 gross;
        uint128 net;
    }

    enum Outcome {
        Paid,
        /// The gross is not above what was drawn already.
        Stale,
        /// Net above gross, a fee above the maximum, or a sum that fell.
        Malformed,
        /// The lane's life is over.
        Expired,
        /// The lane holds nothing.
        Empty,
        /// The bucket has no room.
        OverLimit
    }

    /// @notice Whether the line is one that can be paid: all three sums rise or stay, and the fee is within `feeMaxPpm` of the gross.
    function judge(Sums memory drawn, Sums memory line, uint256 feeMaxPpm) internal pure returns (Outcome outcome) {
        if (line.gross <= drawn.gross) return Outcome.Stale;
        if (line.net > line.gross || line.net < drawn.net) return Outcome.Malformed;
        uint256 fee = line.gross - line.net;
        if (fee < drawn.gross - drawn.net || fee * PPM > line.gross * feeMaxPpm) return Outcome.Malformed;
        return Outcome.Paid;
    }

    /// @notice The net of a part payment of `gross` of what is due, the fee being rounded down: never above its maximum, in part either.
    /// @dev 0 < gross ≤ line.gross − drawn.gross, and `judge` said Paid.
    function netRoundedUp(Sums memory drawn, Sums memory line, uint256 gross) internal pure returns (uint256 net) {
        uint256 dueGross = line.gross - drawn.gross;
        uint256 dueFee = dueGross - (line.net - drawn.net);
        // Both factors are below 2^128.
        return gross - dueFee * gross / dueGross;
    }
}
