// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IPolicy} from "./interfaces/IPolicy.sol";
import {LeakyBucket} from "./LeakyBucket.sol";
import {Names} from "./Names.sol";
import {StatementLine} from "./StatementLine.sol";

/// @notice The rules stand on the interface: see IEscrow. Order of every function: check, effect, event, interaction.
contract Escrow is IEscrow, EIP712, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    // Four slots, of which a payment writes the first and reads the second; the others only once `changesAt` has come.
    struct Stored {
        Purse purse;
        Rate rate;
        Later later;
        Ends ends;
    }

    /// @dev `level` is the bucket's fill at `updatedAt`.
    struct Purse {
        uint96 balance;
        uint96 level;
        uint64 updatedAt;
    }

    /// @dev `changesAt`: when the lower limit or the end comes, whichever is first; 0 for never.
    struct Rate {
        uint96 perSecond;
        uint96 burst;
        uint64 changesAt;
    }

    struct Later {
        uint96 perSecond;
        uint96 burst;
        uint64 lowersAt;
    }

    /// @dev `thawing` may stand above the balance that payments have left; what is above it is no longer there.
    struct Ends {
        uint96 thawing;
        uint64 thawsAt;
        uint64 expiresAt;
    }

    /// @dev `collectedAt` keeps the slot from becoming zero, which would make the next payment four times as dear.
    struct Account {
        uint128 owed;
        uint64 collectedAt;
    }

    struct Halt {
        uint64 from;
        uint64 until;
        /// Seconds of all halts before this one.
        uint64 stopped;
    }

    bytes32 private constant LINE_TYPE = keccak256("Line(address renter,uint128 gross,uint128 net)");
    bytes32 private constant STATEMENT_TYPE = keccak256(
        "Statement(address meter,address token,address provider,bool named,Line[] lines)Line(address renter,uint128 gross,uint128 net)"
    );

    /// @notice What an ERC-1271 meter may use to check a signature.
    uint256 public constant METER_GAS = 200_000;

    IPolicy public immutable POLICY;
    /// @notice Most that the network may keep, in millionths of the gross.
    uint256 public immutable FEE_MAX_PPM;
    /// @notice Seconds from announcing a withdrawal or a lower limit until it is in force, and the shortest notice of an end.
    uint64 public immutable THAW_SECONDS;
    /// @notice Longest halt of a meter, in seconds.
    uint64 public immutable HALT_MAX;
    /// @notice Seconds from the start of a halt until the meter may halt again.
    uint64 public immutable HALT_EVERY;

    mapping(bytes32 lane => Stored stored) private lanes;
    /// @inheritdoc IEscrow
    mapping(bytes32 lane => mapping(address provider => StatementLine.Sums sums)) public drawn;
    mapping(address token => mapping(address payee => Account account)) private accounts;
    mapping(address meter => Halt halt) private halts;
    /// @inheritdoc IEscrow
    mapping(address token => uint256 amount) public held;

    constructor(IPolicy policy, uint256 feeMaxPpm, uint64 thawSeconds, uint64 haltMax, uint64 haltEvery)
        EIP712("Coop Escrow", "1")
    {
        require(feeMaxPpm <= StatementLine.PPM, FeeMaxAboveWhole(feeMaxPpm));
        // So that no thaw meets two halts: a withdrawal never takes longer than one thaw and one halt.
        require(haltEvery >= thawSeconds + 2 * haltMax, TimingTooTight(haltEvery, thawSeconds, haltMax));
        policy.role(Names.SINK); // reverts where the network has none
        POLICY = policy;
        FEE_MAX_PPM = feeMaxPpm;
        THAW_SECONDS = thawSeconds;
        HALT_MAX = haltMax;
        HALT_EVERY = haltEvery;
    }

    /// @inheritdoc IEscrow
    function deposit(Lane calldata lane, uint256 amount) external {
        depositFrom(lane, amount);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(Lane calldata lane, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whoever saw the permit may have brought it first; the transfer shows whether there is an allowance.
        try IERC20Permit(lane.token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        depositFrom(lane, amount);
    }

    /// @inheritdoc IEscrow
    function setLimit(Lane calldata lane, LeakyBucket.Limit calldata limit) external {
        (bytes32 id, Stored storage stored) = own(lane);
        uint64 now_ = uint64(clock(lane.meter));
        (uint256 level, LeakyBucket.Limit memory inForce) = settled(stored, now_);
        (stored.purse.level, stored.purse.updatedAt) = (uint96(level), now_);
        bool isRaised = limit.perSecond >= inForce.perSecond && limit.burst >= inForce.burst;
        uint64 from = isRaised ? now_ : now_ + THAW_SECONDS;
        stored.later = Later(limit.perSecond, limit.burst, isRaised ? 0 : from);
        if (isRaised) inForce = limit;
        stored.rate = Rate(inForce.perSecond, inForce.burst, changeOf(stored));
        emit LimitSet(id, limit.perSecond, limit.burst, from);
    }

    /// @inheritdoc IEscrow
    function setExpiry(Lane calldata lane, uint64 expiresAt) external {
        (bytes32 id, Stored storage stored) = own(lane);
        uint64 before = stored.ends.expiresAt;
        uint256 now_ = clock(lane.meter);
        uint256 earliest = now_ + THAW_SECONDS;
        // A lane that has ended has no end that could be put off: its next one is announced like a first one.
        bool isLater = expiresAt == 0 || (before != 0 && expiresAt >= before && !hasExpired(before, now_));
        require(isLater || expiresAt >= earliest, ExpiresTooSoon(expiresAt, earliest));
        stored.ends.expiresAt = expiresAt;
        stored.rate.changesAt = changeOf(stored);
        emit ExpirySet(id, expiresAt);
    }

    /// @inheritdoc IEscrow
    function thaw(Lane calldata lane, uint128 amount) external {
        (bytes32 id, Stored storage stored) = own(lane);
        uint256 thawing = thawingOf(stored);
        uint256 free = stored.purse.balance - thawing;
        require(amount <= free, NotSpendable(amount, free));
        uint64 thawsAt = uint64(clock(lane.meter)) + THAW_SECONDS;
        (stored.ends.thawing, stored.ends.thawsAt) = (uint96(thawing + amount), thawsAt);
        emit Thawing(id, uint128(thawing + amount), thawsAt);
    }

    /// @inheritdoc IEscrow
    function cancelThaw(Lane calldata lane) external {
        (bytes32 id, Stored storage stored) = own(lane);
        stored.ends.thawing = 0;
        emit Thawing(id, 0, 0);
    }

    /// @inheritdoc IEscrow
    function withdraw(Lane calldata lane, address to) external nonReentrant returns (uint256 amount) {
        (bytes32 id, Stored storage stored) = own(lane);
        uint256 now_ = clock(lane.meter);
        if (hasExpired(stored.ends.expiresAt, now_)) {
            amount = stored.purse.balance;
        } else {
            require(now_ >= stored.ends.thawsAt, StillThawing(stored.ends.thawsAt, now_));
            amount = thawingOf(stored);
        }
        stored.purse.balance -= uint96(amount);
        stored.ends.thawing = 0;
        held[lane.token] -= amount;
        emit Withdrawn(id, to, amount);
        IERC20(lane.token).safeTransfer(to, amount);
    }

    /// @inheritdoc IEscrow
    function redeem(Statement[] calldata statements, bytes[] calldata signatures) external returns (uint256[] memory net) {
        require(statements.length == signatures.length, LengthsDiffer(statements.length, signatures.length));
        address sink = POLICY.role(Names.SINK);
        net = new uint256[](statements.length);
        for (uint256 n = 0; n < statements.length; n++) {
            net[n] = redeemOne(statements[n], signatures[n], sink);
        }
    }

    /// @inheritdoc IEscrow
    function collect(address token, address to) external returns (uint256 amount) {
        return pay(token, msg.sender, to);
    }

    /// @inheritdoc IEscrow
    function collectFor(address token, address payee) external returns (uint256 amount) {
        return pay(token, payee, payee);
    }

    /// @inheritdoc IEscrow
    function halt(uint64 duration) external {
        Halt memory last = halts[msg.sender];
        require(duration <= HALT_MAX, HaltTooLong(duration, HALT_MAX));
        // A meter that never halted has no last halt to wait for.
        require(last.from == 0 || block.timestamp >= last.from + HALT_EVERY, HaltedTooRecently(last.from + HALT_EVERY));
        uint64 now_ = uint64(block.timestamp);
        halts[msg.sender] = Halt({from: now_, until: now_ + duration, stopped: last.stopped + (last.until - last.from)});
        emit Halted(msg.sender, now_ + duration);
    }

    /// @inheritdoc IEscrow
    function resume() external {
        require(isHalted(msg.sender), NotHalted(msg.sender));
        halts[msg.sender].until = uint64(block.timestamp);
        emit Resumed(msg.sender);
    }

    /// @inheritdoc IEscrow
    function laneId(Lane calldata lane) external pure returns (bytes32 id) {
        return idOf(lane.renter, lane.meter, lane.token, lane.provider);
    }

    /// @inheritdoc IEscrow
    function laneState(Lane calldata lane) external view returns (LaneState memory state) {
        Stored storage stored = lanes[idOf(lane.renter, lane.meter, lane.token, lane.provider)];
        uint256 now_ = clock(lane.meter);
        (uint256 level, LeakyBucket.Limit memory limit) = settled(stored, now_);
        return LaneState({
            balance: stored.purse.balance,
            thawing: uint128(thawingOf(stored)),
            thawsAt: stored.ends.thawsAt,
            expiresAt: stored.ends.expiresAt,
            limit: limit,
            room: hasExpired(stored.ends.expiresAt, now_) ? 0 : LeakyBucket.room(level, limit.burst),
            nextLimit: LeakyBucket.Limit(stored.later.perSecond, stored.later.burst),
            lowersAt: now_ < stored.later.lowersAt ? stored.later.lowersAt : 0
        });
    }

    /// @inheritdoc IEscrow
    function spendable(Lane calldata lane) external view returns (uint256 amount) {
        Stored storage stored = lanes[idOf(lane.renter, lane.meter, lane.token, lane.provider)];
        return stored.purse.balance - thawingOf(stored);
    }

    /// @inheritdoc IEscrow
    function owed(address token, address payee) external view returns (uint256 amount) {
        return accounts[token][payee].owed;
    }

    /// @inheritdoc IEscrow
    function clock(address meter) public view returns (uint256 seconds_) {
        Halt memory last = halts[meter];
        uint256 running = block.timestamp < last.until ? last.from : block.timestamp - (last.until - last.from);
        return running - last.stopped;
    }

    /// @inheritdoc IEscrow
    function statementDigest(Statement calldata statement) public view returns (bytes32 digest) {
        bytes32[] memory lines = new bytes32[](statement.lines.length);
        for (uint256 n = 0; n < lines.length; n++) {
            Line calldata line = statement.lines[n];
            lines[n] = keccak256(abi.encode(LINE_TYPE, line.renter, line.gross, line.net));
        }
        bytes32 linesHash = keccak256(abi.encodePacked(lines));
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    STATEMENT_TYPE, statement.meter, statement.token, statement.provider, statement.named, linesHash
                )
            )
        );
    }

    function depositFrom(Lane calldata lane, uint256 amount) private nonReentrant {
        require(lane.renter != address(0) && lane.meter != address(0), NoRenterOrMeter());
        // In a lane for all providers the renter could promise one sum to several of them.
        require(lane.meter != lane.renter || lane.provider != address(0), OwnMeterNeedsProvider(lane.renter));
        // With all of a token below 2^96, no sum of it overflows anywhere below.
        require(amount <= type(uint96).max - held[lane.token], TooMuchHeld(held[lane.token], amount));
        bytes32 id = idOf(lane.renter, lane.meter, lane.token, lane.provider);
        Stored storage stored = lanes[id];
        // New money is not thawing, however much of the old was drawn.
        if (stored.ends.thawing > stored.purse.balance) stored.ends.thawing = stored.purse.balance;
        stored.purse.balance += uint96(amount);
        held[lane.token] += amount;
        emit Deposited(id, lane.renter, lane.meter, lane.token, lane.provider, msg.sender, amount);
        IERC20 token = IERC20(lane.token);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == amount, NotReceived(amount, received));
    }

    function redeemOne(Statement calldata statement, bytes calldata signature, address sink) private returns (uint256 net) {
        (address meter, address token, address provider) = (statement.meter, statement.token, statement.provider);
        if (provider == address(0)) return refuse(statement, Refusal.NoProvider);
        if (isHalted(meter)) return refuse(statement, Refusal.Halted);
        if (!hasSigned(meter, statementDigest(statement), signature)) return refuse(statement, Refusal.BadSignature);
        uint256 now_ = clock(meter);
        address named = statement.named ? provider : address(0);
        uint256 gross;
        for (uint256 n = 0; n < statement.lines.length; n++) {
            Line calldata line = statement.lines[n];
            bytes32 id = idOf(line.renter, meter, token, named);
            (uint256 lineGross, uint256 lineNet) = draw(id, provider, StatementLine.Sums(line.gross, line.net), now_);
            (gross, net) = (gross + lineGross, net + lineNet);
        }
        if (gross == 0) return 0;
        accounts[token][provider].owed += uint128(net);
        if (gross > net) accounts[token][sink].owed += uint128(gross - net);
    }

    /// @dev Moves what a line has due, and the lane can pay, from the lane to the counters. Whoever calls credits the payees.
    function draw(bytes32 id, address provider, StatementLine.Sums memory line, uint256 now_)
        private
        returns (uint256 gross, uint256 net)
    {
        StatementLine.Sums memory before = drawn[id][provider];
        StatementLine.Outcome outcome = StatementLine.judge(before, line, FEE_MAX_PPM);
        if (outcome != StatementLine.Outcome.Paid) return skip(id, provider, outcome);

        Stored storage stored = lanes[id];
        if (hasChanged(stored.rate.changesAt, now_) && hasExpired(stored.ends.expiresAt, now_)) {
            return skip(id, provider, StatementLine.Outcome.Expired);
        }
        uint256 balance = stored.purse.balance;
        if (balance == 0) return skip(id, provider, StatementLine.Outcome.Empty);
        (uint256 level, LeakyBucket.Limit memory limit) = settled(stored, now_);
        uint256 room = LeakyBucket.room(level, limit.burst);
        if (room == 0) return skip(id, provider, StatementLine.Outcome.OverLimit);

        gross = Math.min(line.gross - before.gross, Math.min(balance, room));
        net = StatementLine.netRoundedUp(before, line, gross);
        drawn[id][provider] = StatementLine.Sums(before.gross + uint128(gross), before.net + uint128(net));
        stored.purse = Purse(uint96(balance - gross), uint96(level + gross), uint64(now_));
        if (hasChanged(stored.rate.changesAt, now_)) lower(stored, limit);
        emit Paid(id, provider, gross, net);
    }

    function pay(address token, address payee, address to) private nonReentrant returns (uint256 amount) {
        amount = accounts[token][payee].owed;
        accounts[token][payee] = Account({owed: 0, collectedAt: uint64(block.timestamp)});
        held[token] -= amount;
        emit Collected(token, payee, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    function refuse(Statement calldata statement, Refusal refusal) private returns (uint256 net) {
        emit Refused(statement.meter, statement.provider, refusal);
        return 0;
    }

    function skip(bytes32 id, address provider, StatementLine.Outcome outcome) private returns (uint256 gross, uint256 net) {
        emit Skipped(id, provider, outcome);
        return (0, 0);
    }

    /// @dev The lower limit has come in force: from here on it is the limit.
    function lower(Stored storage stored, LeakyBucket.Limit memory limit) private {
        stored.later.lowersAt = 0;
        stored.rate = Rate(limit.perSecond, limit.burst, changeOf(stored));
    }

    /// @dev Fill of a lane's bucket now, and the limit in force now.
    function settled(Stored storage stored, uint256 now_)
        private
        view
        returns (uint256 level, LeakyBucket.Limit memory limit)
    {
        Rate memory rate = stored.rate;
        Later memory later;
        if (hasChanged(rate.changesAt, now_)) later = stored.later;
        return LeakyBucket.settle(
            stored.purse.level,
            stored.purse.updatedAt,
            LeakyBucket.Limit(rate.perSecond, rate.burst),
            LeakyBucket.Limit(later.perSecond, later.burst),
            later.lowersAt,
            now_
        );
    }

    function changeOf(Stored storage stored) private view returns (uint64 changesAt) {
        (uint64 lowersAt, uint64 expiresAt) = (stored.later.lowersAt, stored.ends.expiresAt);
        if (lowersAt == 0 || expiresAt == 0) return lowersAt + expiresAt;
        return lowersAt < expiresAt ? lowersAt : expiresAt;
    }

    function thawingOf(Stored storage stored) private view returns (uint256 amount) {
        return Math.min(stored.ends.thawing, stored.purse.balance);
    }

    function hasChanged(uint64 changesAt, uint256 now_) private pure returns (bool) {
        return changesAt != 0 && now_ >= changesAt;
    }

    function own(Lane calldata lane) private view returns (bytes32 id, Stored storage stored) {
        require(msg.sender == lane.renter, NotRenter(msg.sender, lane.renter));
        id = idOf(lane.renter, lane.meter, lane.token, lane.provider);
        stored = lanes[id];
    }

    function isHalted(address meter) private view returns (bool) {
        return block.timestamp < halts[meter].until;
    }

    function hasExpired(uint64 expiresAt, uint256 now_) private pure returns (bool) {
        return expiresAt != 0 && now_ >= expiresAt;
    }

    function idOf(address renter, address meter, address token, address provider) private pure returns (bytes32 id) {
        return keccak256(abi.encode(renter, meter, token, provider));
    }

    /// @dev A key first, since most meters are one and it saves looking for code; also for accounts that are both (EIP-7702).
    function hasSigned(address meter, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && signer == meter) return true;
        return meter.code.length != 0 && contractHasSigned(meter, digest, signature);
    }

    /// @dev Not OpenZeppelin's SignatureChecker, which gives the contract all gas: a hostile meter would burn that of a whole batch.
    function contractHasSigned(address meter, bytes32 digest, bytes calldata signature) private view returns (bool valid) {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes32 yes = IERC1271.isValidSignature.selector;
        uint256 gasMax = METER_GAS;
        assembly ("memory-safe") {
            // At most one word of the answer is copied, however long it is.
            let success := staticcall(gasMax, meter, add(question, 0x20), mload(question), 0x00, 0x20)
            valid := and(success, and(gt(returndatasize(), 0x1f), eq(mload(0x00), yes)))
        }
    }
}
