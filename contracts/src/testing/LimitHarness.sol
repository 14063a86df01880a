// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeakyBucket} from "../LeakyBucket.sol";
import {StatementLine} from "../StatementLine.sol";

/// @dev The pure rules of Escrow as calls, for the tests that hold TypeScript against them.
contract LimitHarness {
    function settle(
        uint256 level,
        uint256 updatedAt,
        LeakyBucket.Limit calldata limit,
        LeakyBucket.Limit calldata next,
        uint256 nextFrom,
        uint256 now_
    ) external pure returns (uint256 level_, LeakyBucket.Limit memory limit_, uint256 room) {
        (level_, limit_) = LeakyBucket.settle(level, updatedAt, limit, next, nextFrom, now_);
        room = LeakyBucket.room(level_, limit_.burst);
    }

    function judge(StatementLine.Sums calldata drawn, StatementLine.Sums calldata line, uint256 feeMaxPpm)
        external
        pure
        returns (StatementLine.Outcome)
    {
        return StatementLine.judge(drawn, line, feeMaxPpm);
    }

    function netRoundedUp(StatementLine.Sums calldata drawn, StatementLine.Sums calldata line, uint256 gross)
        external
        pure
        returns (uint256 net)
    {
        return StatementLine.netRoundedUp(drawn, line, gross);
    }
}
