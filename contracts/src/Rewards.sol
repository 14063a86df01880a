// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEmission} from "./interfaces/IEmission.sol";
import {IPolicy} from "./interfaces/IPolicy.sol";
import {IRewards} from "./interfaces/IRewards.sol";
import {Names} from "./Names.sol";
import {PolicyMath} from "./PolicyMath.sol";
import {Token} from "./Token.sol";

/// @notice Posts, disputes and pays the rewards of epochs: see IRewards.
contract Rewards is IRewards {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using SafeERC20 for Token;

    struct Held {
        uint256 epoch;
        uint256 amount;
    }

    /// @notice Mints what final roots grant.
    IEmission public immutable EMISSION;
    /// @notice The network's token, in which rewards are paid.
    Token public immutable TOKEN;
    /// @notice Roles, bonds, windows, and the hashes that were in force.
    IPolicy public immutable POLICY;
    /// @notice The token of the bonds.
    IERC20 public immutable BOND_TOKEN;

    /// @inheritdoc IRewards
    uint256 public finalEpoch;
    /// @inheritdoc IRewards
    bytes32 public rewardRoot;
    /// @inheritdoc IRewards
    mapping(uint256 epoch => bytes32 root) public slashRoot;
    /// @inheritdoc IRewards
    mapping(address account => uint256 amount) public claimedBy;
    /// @inheritdoc IRewards
    mapping(address account => mapping(uint64 since => uint256 amount)) public positionOf;
    /// @inheritdoc IRewards
    mapping(address account => uint256 amount) public bondOwed;
    /// @inheritdoc IRewards
    mapping(address account => Held held) public bondHeld;

    Pending private waiting;
    uint256[] private pools;
    PolicyMath.Vesting[] private vesting;
    uint128 private granted;
    uint128 private claimed;
    uint128 private taken;
    uint64 private lastFinalAt;

    constructor(
        IEmission emission,
        IPolicy policy,
        IERC20 bondToken,
        uint256[] memory pools_,
        PolicyMath.Vesting[] memory vesting_
    ) {
        (EMISSION, TOKEN, POLICY, BOND_TOKEN) = (emission, emission.TOKEN(), policy, bondToken);
        lastFinalAt = uint64(block.timestamp);
        for (uint256 n = 0; n < pools_.length; n++) {
            (, address recipient,) = emission.poolOf(pools_[n]);
            require(recipient == address(this), NotOurPool(pools_[n], recipient));
            // Each once: what is granted from a pool is checked against what the pool has.
            require(n == 0 || pools_[n] > pools_[n - 1], PoolsOutOfOrder(pools_[n]));
        }
        pools = pools_;
        addVesting(vesting_);
    }

    /// @inheritdoc IRewards
    function post(Roots calldata roots) external {
        require(waiting.poster == address(0), AlreadyPending(waiting.id));
        require(!POLICY.paused(Names.POSTING), PostingPaused());
        uint64 openFrom = lastFinalAt + POLICY.parameter(Names.SILENCE_SECONDS).toUint64();
        require(
            block.timestamp >= openFrom || msg.sender == POLICY.role(Names.POSTER), NotPoster(msg.sender, openFrom)
        );
        require(POLICY.inForceSince(roots.policyHash) != 0, PolicyNeverInForce(roots.policyHash));
        requireReleasable(roots.grants);

        uint256 epoch = finalEpoch + 1;
        bytes32 id = idOf(epoch, roots);
        uint64 until = uint64(block.timestamp) + POLICY.parameter(Names.DISPUTE_SECONDS).toUint64();
        uint128 bond = POLICY.parameter(Names.POSTER_BOND).toUint128();
        waiting = Pending({
            id: id,
            poster: msg.sender,
            disputableUntil: until,
            arbiterSeconds: POLICY.parameter(Names.ARBITER_SECONDS).toUint32(),
            disputer: address(0),
            decidableUntil: 0,
            posterBond: bond,
            disputeBond: POLICY.parameter(Names.DISPUTE_BOND).toUint128()
        });
        emit Posted(epoch, id, msg.sender, roots, until);
        takeBond(bond);
    }

    /// @inheritdoc IRewards
    function dispute(bytes32 id) external {
        Pending storage of_ = requireWaiting(id);
        require(block.timestamp <= of_.disputableUntil, TooLate(of_.disputableUntil, block.timestamp));
        require(of_.disputer == address(0), AlreadyDisputed(of_.disputer));
        of_.disputer = msg.sender;
        of_.decidableUntil = uint64(block.timestamp) + of_.arbiterSeconds;
        emit Disputed(finalEpoch + 1, id, msg.sender, of_.decidableUntil);
        takeBond(of_.disputeBond);
    }

    /// @inheritdoc IRewards
    function decide(Roots calldata roots, bool stands) external {
        require(msg.sender == POLICY.role(Names.ARBITER), NotArbiter(msg.sender));
        Pending memory of_ = requireWaiting(idOf(finalEpoch + 1, roots));
        require(of_.disputer != address(0), NotDisputed());
        require(block.timestamp <= of_.decidableUntil, TooLate(of_.decidableUntil, block.timestamp));
        if (stands) {
            settleBonds({winner: of_.poster, own: of_.posterBond, lost: of_.disputeBond});
            finalise(of_.id, roots);
        } else {
            delete waiting;
            settleBonds({winner: of_.disputer, own: of_.disputeBond, lost: of_.posterBond});
            emit Rejected(finalEpoch + 1, of_.id, of_.disputer);
        }
    }

    /// @inheritdoc IRewards
    function settle(Roots calldata roots) external {
        Pending memory of_ = requireWaiting(idOf(finalEpoch + 1, roots));
        bool isDisputed = of_.disputer != address(0);
        uint64 until = isDisputed ? of_.decidableUntil : of_.disputableUntil;
        require(block.timestamp > until, TooEarly(until, block.timestamp));
        if (isDisputed) {
            delete waiting;
            // As much of one as of the other: whichever side is honest, the other does not outlast it for less.
            uint256 held = Math.min(of_.posterBond, of_.disputeBond);
            giveBack({account: of_.poster, bond: of_.posterBond, held: held});
            giveBack({account: of_.disputer, bond: of_.disputeBond, held: held});
            emit Voided(finalEpoch + 1, of_.id);
        } else {
            bondOwed[of_.poster] += of_.posterBond;
            finalise(of_.id, roots);
        }
    }

    /// @inheritdoc IRewards
    function claim(address account, uint256 cumulative, bytes32[] calldata proof) external {
        bytes32 leaf = keccak256(abi.encode(block.chainid, address(this), account, cumulative));
        leaf = keccak256(bytes.concat(leaf)); // twice, so that no inner node of a tree is a leaf
        require(MerkleProof.verifyCalldata(proof, rewardRoot, leaf), InvalidProof());
        uint256 before = claimedBy[account];
        require(cumulative > before, NothingToClaim(before, cumulative));
        uint256 amount = cumulative - before;
        // Only a root that nobody recomputed can ask for this.
        require(amount <= granted - claimed, MoreThanGranted(claimed + amount, granted));

        claimedBy[account] = cumulative;
        claimed += uint128(amount); // safe: at most granted
        uint64 since = uint64(block.timestamp);
        positionOf[account][since] += amount;
        emit Claimed(account, amount, since);
        if (vested(since, amount) == amount) pay(account, since, amount, account);
    }

    /// @inheritdoc IRewards
    function take(uint64 since, uint256 amount, address to) external {
        pay(msg.sender, since, amount, to);
    }

    /// @inheritdoc IRewards
    function withdrawBond(address account) external {
        freeHeld(account);
        uint256 amount = bondOwed[account];
        require(amount > 0, NothingOwed(account));
        bondOwed[account] = 0;
        emit BondWithdrawn(account, amount);
        BOND_TOKEN.safeTransfer(account, amount);
    }

    /// @inheritdoc IRewards
    function vested(uint64 since, uint256 amount) public view returns (uint256 paid) {
        return PolicyMath.vestedRoundedDown(vesting, amount, block.timestamp - since);
    }

    /// @inheritdoc IRewards
    function pending() external view returns (Pending memory) {
        return waiting;
    }

    /// @inheritdoc IRewards
    function totals() external view returns (uint256, uint256, uint256) {
        return (granted, claimed, taken);
    }

    /// @notice Pools of Emission from which this contract grants, in the order of `Roots.grants`.
    function poolsOf() external view returns (uint256[] memory) {
        return pools;
    }

    /// @inheritdoc IRewards
    function idOf(uint256 epoch, Roots calldata roots) public pure returns (bytes32 id) {
        return keccak256(abi.encode(epoch, roots));
    }

    function pay(address account, uint64 since, uint256 amount, address to) private {
        uint256 position = positionOf[account][since];
        require(amount <= position, MoreThanPosition(amount, position));
        uint256 paid = vested(since, amount);
        positionOf[account][since] = position - amount;
        taken += uint128(amount); // safe: at most claimed
        emit Taken(account, since, to, paid, amount - paid);
        if (paid < amount) TOKEN.burn(amount - paid);
        TOKEN.safeTransfer(to, paid);
    }

    function finalise(bytes32 id, Roots calldata roots) private {
        uint256 sum = 0;
        for (uint256 n = 0; n < pools.length; n++) sum += roots.grants[n];
        delete waiting;
        finalEpoch++;
        (rewardRoot, slashRoot[finalEpoch]) = (roots.rewardRoot, roots.slashRoot);
        (granted, lastFinalAt) = ((granted + sum).toUint128(), uint64(block.timestamp));
        emit Finalised(finalEpoch, id, granted);
        for (uint256 n = 0; n < pools.length; n++) {
            if (roots.grants[n] > 0) EMISSION.release(pools[n], roots.grants[n]);
        }
    }

    /// @dev What is releasable only rises until this contract releases it, so what could be posted can become final.
    function requireReleasable(uint256[] calldata grants) private view {
        require(grants.length == pools.length, WrongNumberOfPools(grants.length, pools.length));
        uint256 sum = 0;
        for (uint256 n = 0; n < grants.length; n++) {
            uint256 available = EMISSION.releasable(pools[n]);
            require(grants[n] <= available, NotReleasable(pools[n], grants[n], available));
            sum += grants[n];
        }
        uint256 max = POLICY.parameter(Names.GRANT_MAX);
        require(sum <= max, GrantTooLarge(sum, max));
    }

    function requireWaiting(bytes32 id) private view returns (Pending storage) {
        require(waiting.poster != address(0), NothingPending());
        require(waiting.id == id, NotPending(id, waiting.id));
        return waiting;
    }

    function settleBonds(address winner, uint256 own, uint256 lost) private {
        bondOwed[winner] += own + lost / 2;
        bondOwed[POLICY.role(Names.SINK)] += lost - lost / 2;
    }

    /// @dev All but what is held until the next epoch is final.
    function giveBack(address account, uint256 bond, uint256 held) private {
        freeHeld(account);
        bondOwed[account] += bond - held;
        bondHeld[account] = Held({epoch: finalEpoch + 1, amount: bondHeld[account].amount + held});
    }

    /// @dev What was held for an epoch that is final by now is owed.
    function freeHeld(address account) private {
        Held memory held = bondHeld[account];
        if (held.amount == 0 || held.epoch > finalEpoch) return;
        delete bondHeld[account];
        bondOwed[account] += held.amount;
    }

    function takeBond(uint256 bond) private {
        uint256 before = BOND_TOKEN.balanceOf(address(this));
        BOND_TOKEN.safeTransferFrom(msg.sender, address(this), bond);
        uint256 received = BOND_TOKEN.balanceOf(address(this)) - before;
        require(received == bond, TransferFee(bond, received));
    }

    function addVesting(PolicyMath.Vesting[] memory points) private {
        uint256 last = points.length;
        require(last > 0 && points[last - 1].ppm == PolicyMath.PPM, InvalidVesting(last));
        for (uint256 n = 0; n < last; n++) {
            bool rises = n == 0
                || (points[n].afterSeconds > points[n - 1].afterSeconds && points[n].ppm >= points[n - 1].ppm);
            require(rises, InvalidVesting(n));
            vesting.push(points[n]);
        }
    }
}
