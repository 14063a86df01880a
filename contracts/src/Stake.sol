// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPolicy} from "./interfaces/IPolicy.sol";
import {IRewards} from "./interfaces/IRewards.sol";
import {IStake} from "./interfaces/IStake.sol";
import {Names} from "./Names.sol";

/// @notice The rules stand on the interface: see IStake. Order of every function: check, effect, event, interaction.
contract Stake is IStake, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Timing {
        /// Seconds from unstaking to withdrawal.
        uint64 cooldownSeconds;
        /// Seconds from an announcement within which it may be appealed.
        uint64 appealSeconds;
        /// Seconds from an appeal within which the arbiter may decide.
        uint64 arbiterSeconds;
        /// Number of last final epochs whose leaves may be announced.
        uint64 epochsOpen;
    }

    /// @dev What one root may take of one position, or of all stake: fixed when its first leaf there is announced.
    struct Cap {
        bool isSet;
        uint128 left;
    }

    uint256 private constant PPM = 1_000_000;
    /// @notice Where what cannot be burnt is sent; nobody has its key.
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    IERC20 public immutable TOKEN;
    IPolicy public immutable POLICY;
    IRewards public immutable REWARDS;
    /// @notice Most that one root takes of one position, in millionths of its stake.
    uint256 public immutable MACHINE_CAP_PPM;
    /// @notice Most that one root takes of all stake, in millionths.
    uint256 public immutable ROOT_CAP_PPM;
    /// @notice Seconds from unstaking to withdrawal.
    uint64 public immutable COOLDOWN_SECONDS;
    /// @notice Seconds from an announcement within which it may be appealed.
    uint64 public immutable APPEAL_SECONDS;
    /// @notice Seconds from an appeal within which the arbiter may decide.
    uint64 public immutable ARBITER_SECONDS;
    /// @notice Number of last final epochs whose leaves may be announced.
    uint64 public immutable EPOCHS_OPEN;

    /// @notice All that is staked.
    uint128 public totalStaked;
    /// @notice All that this contract must hold: stake, bonds, what is owed, what is to be burnt.
    uint128 public held;
    /// @notice What `burn` burns.
    uint128 public unburnt;

    mapping(bytes32 machine => mapping(address owner => Position position)) private positions;
    mapping(bytes32 id => Slash slash) private slashes;
    mapping(uint256 epoch => Cap cap) private rootCaps;
    mapping(uint256 epoch => mapping(bytes32 machine => mapping(address owner => Cap cap))) private machineCaps;
    /// @notice What a victim has been given on a lease.
    mapping(address victim => mapping(bytes32 lease => uint128 amount)) public compensated;
    /// @notice What victims and appellants may collect.
    mapping(address payee => uint128 amount) public owed;

    constructor(
        IERC20 token,
        IPolicy policy,
        IRewards rewards,
        uint256 machineCapPpm,
        uint256 rootCapPpm,
        Timing memory timing
    ) {
        require(machineCapPpm <= PPM, CapAboveWhole(machineCapPpm));
        require(rootCapPpm <= PPM, CapAboveWhole(rootCapPpm));
        policy.role(Names.ARBITER); // reverts where the network has none
        policy.parameter(Names.APPEAL_BOND);
        (TOKEN, POLICY, REWARDS) = (token, policy, rewards);
        (MACHINE_CAP_PPM, ROOT_CAP_PPM) = (machineCapPpm, rootCapPpm);
        COOLDOWN_SECONDS = timing.cooldownSeconds;
        APPEAL_SECONDS = timing.appealSeconds;
        ARBITER_SECONDS = timing.arbiterSeconds;
        EPOCHS_OPEN = timing.epochsOpen;
    }

    /// @inheritdoc IStake
    function deposit(bytes32 machine, address owner, uint256 amount) external nonReentrant {
        require(owner != address(0), NoOwner());
        // With all that is held below 2^128, no sum overflows anywhere below.
        require(amount <= type(uint128).max - held, TooMuchHeld(held, amount));
        positions[machine][owner].staked += uint128(amount);
        totalStaked += uint128(amount);
        emit Staked(machine, owner, msg.sender, amount);
        take(amount);
    }

    /// @inheritdoc IStake
    function unstake(bytes32 machine, uint128 amount) external {
        Position storage position = positions[machine][msg.sender];
        uint128 free = position.staked - position.unstaking;
        require(amount <= free, NotStaked(amount, free));
        position.unstaking += amount;
        position.unstakesAt = uint64(block.timestamp) + COOLDOWN_SECONDS;
        emit Unstaking(machine, msg.sender, position.unstaking, position.unstakesAt);
    }

    /// @inheritdoc IStake
    function cancelUnstake(bytes32 machine) external {
        positions[machine][msg.sender].unstaking = 0;
        emit Unstaking(machine, msg.sender, 0, 0);
    }

    /// @inheritdoc IStake
    function withdraw(bytes32 machine, address to) external nonReentrant returns (uint256 amount) {
        Position storage position = positions[machine][msg.sender];
        require(block.timestamp >= position.unstakesAt, StillUnstaking(position.unstakesAt, block.timestamp));
        uint128 free = uint128(Math.min(position.unstaking, position.staked - position.frozen));
        position.unstaking -= free;
        position.staked -= free;
        totalStaked -= free;
        held -= free;
        emit Unstaked(machine, msg.sender, to, free);
        TOKEN.safeTransfer(to, free);
        return free;
    }

    /// @inheritdoc IStake
    function announce(Leaf calldata leaf, bytes32[] calldata proof) external {
        require(!POLICY.paused(Names.SLASHING), SlashingPaused());
        uint256 last = REWARDS.finalEpoch();
        require(leaf.epoch <= last && last - leaf.epoch < EPOCHS_OPEN, RootNotOpen(leaf.epoch, last));
        bytes32 id = leafId(leaf);
        require(MerkleProof.verifyCalldata(proof, REWARDS.slashRoot(leaf.epoch), id), InvalidProof());
        require(slashes[id].stage == Stage.None, WrongStage(id, slashes[id].stage));

        Position storage position = positions[leaf.machine][leaf.owner];
        Cap storage ofMachine = machineCaps[leaf.epoch][leaf.machine][leaf.owner];
        Cap storage ofRoot = rootCaps[leaf.epoch];
        if (!ofMachine.isSet) (ofMachine.isSet, ofMachine.left) = (true, share(position.staked, MACHINE_CAP_PPM));
        if (!ofRoot.isSet) (ofRoot.isSet, ofRoot.left) = (true, share(totalStaked, ROOT_CAP_PPM));
        uint256 most = Math.min(Math.min(ofMachine.left, ofRoot.left), position.staked - position.frozen);
        uint128 amount = uint128(Math.min(leaf.amount, most));
        require(amount != 0, NothingToSlash(leaf.machine, leaf.owner));
        ofMachine.left -= amount;
        ofRoot.left -= amount;
        position.frozen += amount;
        uint64 deadline = uint64(block.timestamp) + APPEAL_SECONDS;
        slashes[id] = Slash({stage: Stage.Announced, deadline: deadline, amount: amount, appellant: address(0), bond: 0});
        emit Announced(id, leaf.machine, leaf.owner, amount, deadline);
    }

    /// @inheritdoc IStake
    function appeal(bytes32 id) external nonReentrant {
        Slash storage slash = slashes[id];
        require(slash.stage == Stage.Announced, WrongStage(id, slash.stage));
        require(block.timestamp < slash.deadline, TooLate(slash.deadline, block.timestamp));
        uint256 bond = POLICY.parameter(Names.APPEAL_BOND);
        require(bond <= type(uint128).max - held, TooMuchHeld(held, bond));
        uint64 deadline = uint64(block.timestamp) + ARBITER_SECONDS;
        (slash.stage, slash.deadline) = (Stage.Appealed, deadline);
        (slash.appellant, slash.bond) = (msg.sender, uint128(bond));
        emit Appealed(id, msg.sender, uint128(bond), deadline);
        take(bond);
    }

    /// @inheritdoc IStake
    function decide(Leaf calldata leaf, bool stands) external {
        require(msg.sender == POLICY.role(Names.ARBITER), NotArbiter(msg.sender));
        (bytes32 id, Slash storage slash) = inStage(leaf, Stage.Appealed);
        require(block.timestamp < slash.deadline, TooLate(slash.deadline, block.timestamp));
        if (stands) {
            unburnt += slash.bond;
            executeIt(id, leaf, slash);
        } else {
            voidIt(id, leaf, slash);
        }
    }

    /// @inheritdoc IStake
    function execute(Leaf calldata leaf) external {
        require(!POLICY.paused(Names.SLASHING), SlashingPaused());
        (bytes32 id, Slash storage slash) = inStage(leaf, Stage.Announced);
        require(block.timestamp >= slash.deadline, TooEarly(slash.deadline, block.timestamp));
        executeIt(id, leaf, slash);
    }

    /// @inheritdoc IStake
    function voidSlash(Leaf calldata leaf) external {
        (bytes32 id, Slash storage slash) = inStage(leaf, Stage.Appealed);
        require(block.timestamp >= slash.deadline, TooEarly(slash.deadline, block.timestamp));
        voidIt(id, leaf, slash);
    }

    /// @inheritdoc IStake
    function collect(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        owed[msg.sender] = 0;
        held -= uint128(amount);
        emit Collected(msg.sender, to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IStake
    function burn() external nonReentrant returns (uint256 amount) {
        amount = unburnt;
        unburnt = 0;
        held -= uint128(amount);
        emit Burnt(amount);
        uint256 before = TOKEN.balanceOf(address(this));
        (bool isBurnt,) = address(TOKEN).call(abi.encodeCall(ERC20Burnable.burn, (amount)));
        // A token without `burn` may still answer.
        if (!isBurnt || TOKEN.balanceOf(address(this)) == before) TOKEN.safeTransfer(BURN_ADDRESS, amount);
    }

    /// @inheritdoc IStake
    function positionOf(bytes32 machine, address owner) external view returns (Position memory position) {
        return positions[machine][owner];
    }

    /// @inheritdoc IStake
    function slashOf(bytes32 id) external view returns (Slash memory slash) {
        return slashes[id];
    }

    /// @inheritdoc IStake
    function leafId(Leaf calldata leaf) public view returns (bytes32 id) {
        return keccak256(bytes.concat(keccak256(abi.encode(block.chainid, address(this), leaf))));
    }

    /// @dev Takes exactly `amount` from the caller.
    function take(uint256 amount) private {
        held += uint128(amount);
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        require(received == amount, NotReceived(amount, received));
    }

    function executeIt(bytes32 id, Leaf calldata leaf, Slash storage slash) private {
        uint128 amount = slash.amount;
        uint128 compensation = compensationOf(leaf, amount);
        slash.stage = Stage.Executed;
        takeFrom(positions[leaf.machine][leaf.owner], amount);
        totalStaked -= amount;
        compensated[leaf.victim][leaf.lease] += compensation;
        owed[leaf.victim] += compensation;
        unburnt += amount - compensation;
        emit Executed(id, leaf.victim, compensation, amount - compensation);
    }

    function voidIt(bytes32 id, Leaf calldata leaf, Slash storage slash) private {
        slash.stage = Stage.Void;
        positions[leaf.machine][leaf.owner].frozen -= slash.amount;
        owed[slash.appellant] += slash.bond;
        emit Voided(id);
    }

    /// @dev What is staked goes first, what is unstaking only when nothing else is left.
    function takeFrom(Position storage position, uint128 amount) private {
        position.frozen -= amount;
        position.staked -= amount;
        if (position.unstaking > position.staked) position.unstaking = position.staked;
    }

    /// @dev Over all slashes for one lease the victim gets no more than what he paid on it.
    function compensationOf(Leaf calldata leaf, uint128 amount) private view returns (uint128 compensation) {
        uint128 before = compensated[leaf.victim][leaf.lease];
        if (leaf.victim == address(0) || leaf.paid <= before) return 0;
        return uint128(Math.min(amount, leaf.paid - before));
    }

    function inStage(Leaf calldata leaf, Stage stage) private view returns (bytes32 id, Slash storage slash) {
        id = leafId(leaf);
        slash = slashes[id];
        require(slash.stage == stage, WrongStage(id, slash.stage));
    }

    function share(uint256 amount, uint256 ppm) private pure returns (uint128 rounded) {
        return uint128(amount * ppm / PPM);
    }
}
