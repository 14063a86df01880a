// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeakyBucket} from "../LeakyBucket.sol";
import {StatementLine} from "../StatementLine.sol";

/// @notice Holds renters' money in lanes and pays providers what a meter says they served. Amounts are the token's smallest unit.
///
/// A lane's deadlines run on its meter's clock, `clock(meter)`: seconds of block time less the seconds for which the meter has halted itself.
/// @dev Warning: the meter is trusted within a lane. It may draw, for whomever it names, what the lane's limit lets through, also from
/// what is thawing, until the lane's money is withdrawn. A renter chooses the meter and the limit.
/// @dev Warning: a token whose balances change by themselves, or that takes a fee later on, is not supported.
interface IEscrow {
    /// @notice A sub-balance that one meter may draw on.
    struct Lane {
        address renter;
        /// A key, or an ERC-1271 contract, whose statements draw on the lane. The renter himself only where a provider is named.
        address meter;
        address token;
        /// The only provider that may be paid from it; zero for any.
        address provider;
    }

    /// @notice One renter's cumulative sums: everything that this provider ever served him by this meter, in this kind of lane.
    struct Line {
        address renter;
        uint128 gross;
        uint128 net;
    }

    /// @notice A meter's signed claim for one provider.
    struct Statement {
        address meter;
        address token;
        address provider;
        /// Whether the lanes are those that name this provider, or those that name none.
        bool named;
        Line[] lines;
    }

    struct LaneState {
        uint128 balance;
        /// Part of the balance that its renter is withdrawing; nobody should serve for it any more.
        uint128 thawing;
        /// When `thawing` may be withdrawn, on the meter's clock.
        uint64 thawsAt;
        /// When the lane ends, on the meter's clock; 0 for never.
        uint64 expiresAt;
        /// The limit in force, what may be drawn under it at once, and the lower limit that follows.
        LeakyBucket.Limit limit;
        uint256 room;
        LeakyBucket.Limit nextLimit;
        /// When `nextLimit` comes in force, on the meter's clock; 0 for none.
        uint64 lowersAt;
    }

    enum Refusal {
        BadSignature,
        Halted,
        NoProvider
    }

    event Deposited(
        bytes32 indexed lane, address indexed renter, address meter, address token, address provider, address from, uint256 amount
    );
    event LimitSet(bytes32 indexed lane, uint96 perSecond, uint96 burst, uint64 from);
    event ExpirySet(bytes32 indexed lane, uint64 expiresAt);
    event Thawing(bytes32 indexed lane, uint128 amount, uint64 thawsAt);
    event Withdrawn(bytes32 indexed lane, address to, uint256 amount);
    /// @notice A line was paid, in whole or in part: this much more, in smallest units.
    event Paid(bytes32 indexed lane, address indexed provider, uint256 gross, uint256 net);
    event Skipped(bytes32 indexed lane, address indexed provider, StatementLine.Outcome outcome);
    event Refused(address indexed meter, address indexed provider, Refusal refusal);
    event Collected(address indexed token, address indexed payee, address to, uint256 amount);
    event Halted(address indexed meter, uint64 until);
    event Resumed(address indexed meter);

    error NoRenterOrMeter();
    error OwnMeterNeedsProvider(address renter);
    error NotRenter(address caller, address renter);
    error NotReceived(uint256 expected, uint256 received);
    error TooMuchHeld(uint256 held, uint256 amount);
    error NotSpendable(uint256 amount, uint256 spendable);
    error StillThawing(uint64 thawsAt, uint256 clock);
    error ExpiresTooSoon(uint64 expiresAt, uint256 earliest);
    error LengthsDiffer(uint256 statements, uint256 signatures);
    error HaltTooLong(uint64 duration, uint64 max);
    error HaltedTooRecently(uint256 haltableFrom);
    error NotHalted(address meter);
    error TimingTooTight(uint64 haltEvery, uint64 thawSeconds, uint64 haltMax);
    error FeeMaxAboveWhole(uint256 feeMaxPpm);

    /// @notice Adds `amount` of the caller's tokens to anybody's lane.
    /// @dev Warning: only the lane's renter gets it back. A token that delivers less than was sent is refused,
    /// and so is what would make all that is held of a token 2^96 of its smallest unit.
    function deposit(Lane calldata lane, uint256 amount) external;

    /// @notice Deposits with an ERC-2612 permit instead of an allowance.
    /// @dev A permit that somebody else has already brought is no error: its allowance stands.
    function depositWithPermit(Lane calldata lane, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Sets how fast the lane may be drawn on; renter only. A limit that is nowhere lower is in force at once, any other after the
    /// thaw. Replaces a limit that was announced and is not yet in force.
    /// @dev A new lane has limit zero: nothing can be drawn.
    function setLimit(Lane calldata lane, LeakyBucket.Limit calldata limit) external;

    /// @notice Sets when the lane ends, on the meter's clock, 0 for never; renter only. Later than before while it
    /// lives, or no sooner than the thaw.
    function setExpiry(Lane calldata lane, uint64 expiresAt) external;

    /// @notice Starts withdrawing `amount` more; renter only. The thaw starts anew for everything that is thawing.
    /// @dev What the provider has served, or is serving, may still be drawn from it until it is withdrawn.
    function thaw(Lane calldata lane, uint128 amount) external;

    /// @notice Takes the thawing back; renter only.
    function cancelThaw(Lane calldata lane) external;

    /// @notice Sends what has thawed, or everything once the lane has ended; renter only.
    function withdraw(Lane calldata lane, address to) external returns (uint256 amount);

    /// @notice Pays the lines of signed statements; anybody. Statements and lines that cannot be paid are skipped and say why in an event;
    /// what can be paid in part is paid in part, and the same statement pays the rest later.
    /// @return net what the provider of each statement was credited.
    function redeem(Statement[] calldata statements, bytes[] calldata signatures) external returns (uint256[] memory net);

    /// @notice Sends what the caller is owed to `to`.
    function collect(address token, address to) external returns (uint256 amount);

    /// @notice Sends what `payee` is owed to `payee`; anybody.
    function collectFor(address token, address payee) external returns (uint256 amount);

    /// @notice Stops the caller's own statements and its lanes' deadlines for at most HALT_MAX seconds, and not again within HALT_EVERY.
    function halt(uint64 duration) external;

    /// @notice Ends the caller's own halt early.
    function resume() external;

    /// @notice The name of a lane in events: the hash of its four addresses.
    function laneId(Lane calldata lane) external pure returns (bytes32 id);

    function laneState(Lane calldata lane) external view returns (LaneState memory state);

    /// @notice What new service may be promised for: balance less thawing.
    function spendable(Lane calldata lane) external view returns (uint256 amount);

    /// @notice What a provider has drawn of a lane so far, cumulative.
    function drawn(bytes32 lane, address provider) external view returns (uint128 gross, uint128 net);

    function owed(address token, address payee) external view returns (uint256 amount);

    /// @notice All that the contract must hold of a token: lane balances and what is owed.
    function held(address token) external view returns (uint256 amount);

    /// @notice Seconds of block time less those for which the meter has halted itself.
    function clock(address meter) external view returns (uint256 seconds_);

    /// @notice What a meter signs (EIP-712, domain "Coop Escrow" version 1).
    function statementDigest(Statement calldata statement) external view returns (bytes32 digest);
}
