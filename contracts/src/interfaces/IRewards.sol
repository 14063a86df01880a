// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyMath} from "../PolicyMath.sol";

/// @notice Rewards by epoch. A poster posts the roots of an epoch with a bond; anybody may dispute them with a bond within the window; the
/// arbiter decides, and his silence voids. What silence gives back is held until the epoch is final. A final root releases what it grants from Emission. Claims are cumulative and stand on the
/// last final root; a claim opens a vesting position, and what is taken early forfeits its rest, which is burnt.
/// @dev Warning: a false root that nobody disputes within the window becomes final. At worst it takes all that was granted and is not yet
/// claimed, of whomever, and of what is releasable up to GRANT_MAX; it never takes what was claimed. Until it is final anybody may claim for
/// everybody on the root before.
interface IRewards {
    /// @param rewardRoot of (account, cumulative amount) leaves; see protocol/src/merkle.ts.
    /// @param slashRoot of the epoch's slashes, read by Stake; zero when there are none.
    /// @param evidenceRoot of the statements from which both follow.
    /// @param policyHash of the policy by which they follow; must have been in force.
    /// @param grants what the epoch adds to the sum of all leaves, per pool, in the order of POOLS.
    struct Roots {
        bytes32 rewardRoot;
        bytes32 slashRoot;
        bytes32 evidenceRoot;
        bytes32 policyHash;
        uint256[] grants;
    }

    /// @dev Windows and bonds are those of the instant at which the roots were posted.
    struct Pending {
        bytes32 id;
        address poster;
        uint64 disputableUntil;
        uint32 arbiterSeconds;
        address disputer;
        uint64 decidableUntil;
        uint128 posterBond;
        uint128 disputeBond;
    }

    event Posted(uint256 indexed epoch, bytes32 indexed id, address indexed poster, Roots roots, uint64 disputableUntil);
    event Disputed(uint256 indexed epoch, bytes32 indexed id, address indexed disputer, uint64 decidableUntil);
    event Rejected(uint256 indexed epoch, bytes32 indexed id, address winner);
    event Voided(uint256 indexed epoch, bytes32 indexed id);
    event Finalised(uint256 indexed epoch, bytes32 indexed id, uint256 granted);
    event Claimed(address indexed account, uint256 amount, uint64 since);
    event Taken(address indexed account, uint64 indexed since, address to, uint256 paid, uint256 burnt);
    event BondWithdrawn(address indexed account, uint256 amount);

    error AlreadyPending(bytes32 id);
    error NothingPending();
    error NotPending(bytes32 id, bytes32 pendingId);
    error PostingPaused();
    error NotPoster(address caller, uint64 openFrom);
    error PolicyNeverInForce(bytes32 hash);
    error WrongNumberOfPools(uint256 given, uint256 pools);
    error NotReleasable(uint256 pool, uint256 grant, uint256 releasable);
    error GrantTooLarge(uint256 grant, uint256 max);
    error TooLate(uint64 until, uint256 now_);
    error TooEarly(uint64 until, uint256 now_);
    error AlreadyDisputed(address disputer);
    error NotDisputed();
    error NotArbiter(address caller);
    error TransferFee(uint256 expected, uint256 received);
    error InvalidProof();
    error NothingToClaim(uint256 claimed, uint256 cumulative);
    error MoreThanGranted(uint256 claimed, uint256 granted);
    error MoreThanPosition(uint256 amount, uint256 position);
    error NothingOwed(address account);
    error InvalidVesting(uint256 point);
    error NotOurPool(uint256 pool, address recipient);
    error PoolsOutOfOrder(uint256 pool);

    /// @notice The last final epoch; 0 before the first.
    function finalEpoch() external view returns (uint256 epoch);

    /// @notice Root of an epoch's slashes; 0 unless the epoch is final.
    function slashRoot(uint256 epoch) external view returns (bytes32 root);

    /// @notice Root on which claims stand: the last final one.
    function rewardRoot() external view returns (bytes32 root);

    /// @notice Sum of all grants of final epochs, of all claims, and of all that was taken: paid and burnt.
    function totals() external view returns (uint256 granted, uint256 claimed, uint256 taken);

    /// @notice What an account has claimed so far.
    function claimedBy(address account) external view returns (uint256 amount);

    /// @notice What awaits its window, its arbiter or `settle`; an empty poster when nothing does.
    function pending() external view returns (Pending memory);

    /// @notice Posts the roots of the next epoch and puts the bond down: the poster, or anybody once no epoch has become final for
    /// SILENCE_SECONDS. One at a time.
    function post(Roots calldata roots) external;

    /// @notice Disputes what is pending and puts the bond down. Anybody, within the window, once.
    /// @param id of what is disputed, so that nothing else is: see `idOf`.
    function dispute(bytes32 id) external;

    /// @notice Decides a dispute in time; the arbiter only. The loser's bond goes to the winner by half, and to the sink by half.
    /// @param roots as they were posted; they are not kept on chain until they are final.
    function decide(Roots calldata roots, bool stands) external;

    /// @notice Ends what has run out: undisputed roots become final, and roots on which the arbiter was silent are void. Of either side's bond
    /// the lesser of the two is then held until the epoch is final: every further delay, and every further attempt, needs as much again.
    /// Anybody.
    function settle(Roots calldata roots) external;

    /// @notice Claims for an account what the last final root grants it beyond former claims, into a position that vests from now on.
    /// Anybody; only the account can take. Where the vesting curve starts with everything, it is paid at once.
    function claim(address account, uint256 cumulative, bytes32[] calldata proof) external;

    /// @notice Takes `amount` of the caller's position of that instant: pays what has vested of it to `to` and burns the rest.
    function take(uint64 since, uint256 amount, address to) external;

    /// @notice What a position still holds.
    function positionOf(address account, uint64 since) external view returns (uint256 amount);

    /// @notice What `take` would pay now for `amount` of a position of that instant.
    function vested(uint64 since, uint256 amount) external view returns (uint256 paid);

    /// @notice Pays an account the bonds that have come back to it or that it has won. Anybody.
    function withdrawBond(address account) external;

    /// @notice Bonds that wait for `withdrawBond`.
    function bondOwed(address account) external view returns (uint256 amount);

    /// @notice What the arbiter's silence holds of an account's bonds, until that epoch is final; then `withdrawBond` pays it too.
    function bondHeld(address account) external view returns (uint256 epoch, uint256 amount);

    /// @notice Identity of an epoch's roots, as `post` gives it.
    function idOf(uint256 epoch, Roots calldata roots) external pure returns (bytes32 id);
}
