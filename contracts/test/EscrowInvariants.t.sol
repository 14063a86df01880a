// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../src/Escrow.sol";
import {IEscrow} from "../src/interfaces/IEscrow.sol";
import {LeakyBucket} from "../src/LeakyBucket.sol";
import {EscrowFixture} from "./EscrowFixture.sol";
import {BlacklistToken} from "./hostile/BlacklistToken.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {HostileMeter} from "./hostile/HostileMeter.sol";
import {Test} from "./Vm.sol";

/// @dev All moves of renters, meters, providers and strangers, in any order. The numbers are those of INVARIANTS.md.
contract EscrowInvariants is EscrowFixture {
    EscrowMoves private moves;

    function setUp() public {
        setUpEscrow();
        moves = new EscrowMoves(escrow);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(moves);
    }

    function invariant_x1_laneBalancesAndOwedAreWhatIsHeld() public view {
        for (uint256 t = 0; t < moves.TOKENS(); t++) {
            address token_ = address(moves.tokens(t));
            uint256 sum;
            for (uint256 n = 0; n < moves.laneCount(); n++) {
                IEscrow.Lane memory lane = moves.lane(n);
                if (lane.token == token_) sum += escrow.laneState(lane).balance;
            }
            for (uint256 n = 0; n < moves.payeeCount(); n++) sum += escrow.owed(token_, moves.payee(n));
            assertEq(sum, escrow.held(token_), "held");
            assertEq(escrow.held(token_), moves.tokens(t).balanceOf(address(escrow)), "tokens");
        }
    }

    function invariant_x2_whatIsDrawnWasSignedAndDeposited() public view {
        for (uint256 n = 0; n < moves.laneCount(); n++) {
            IEscrow.Lane memory lane = moves.lane(n);
            bytes32 id = escrow.laneId(lane);
            uint256 sum;
            for (uint256 p = 0; p < moves.payeeCount(); p++) {
                (uint256 gross, uint256 net) = escrow.drawn(id, moves.payee(p));
                assertLe(gross, moves.signedGross(id, moves.payee(p)), "signed");
                assertLe((gross - net) * 1e6, gross * FEE_MAX_PPM, "X6");
                sum += gross;
            }
            assertEq(
                sum + escrow.laneState(lane).balance + moves.withdrawn(id), moves.deposited(id), "drawn and left are deposited"
            );
        }
    }

    function invariant_x4_thawingIsWithinTheBalance() public view {
        for (uint256 n = 0; n < moves.laneCount(); n++) {
            IEscrow.LaneState memory state = escrow.laneState(moves.lane(n));
            assertLe(state.thawing, state.balance, "thawing");
            assertEq(escrow.spendable(moves.lane(n)), state.balance - state.thawing, "spendable");
        }
    }

    function invariant_everyMoveKeptItsPromise() public view {
        assertEq(bytes(moves.broken()).length, 0, moves.broken());
    }
}

/// @dev Everything that anybody may do with an escrow, by a few actors of whom some are two of the roles at once, with what each move must
/// keep noted in `broken`. The runner finds it only in a file of tests.
contract EscrowMoves is Test {
    uint256 public constant TOKENS = 2;
    uint256 private constant KEYS = 4;
    uint256 private constant AMOUNT_MAX = 1e12;
    address private constant SINK = address(0x64);

    Escrow private immutable ESCROW;
    FreeToken[TOKENS] public tokens;
    HostileMeter private immutable HOSTILE;
    address[KEYS] private people;
    IEscrow.Lane[] private lanes;
    address[] private payees;

    string public broken;
    uint256 public calls;
    uint256 public paidTimes;
    mapping(bytes32 lane => uint256 amount) public deposited;
    mapping(bytes32 lane => uint256 amount) public withdrawn;
    mapping(bytes32 lane => mapping(address provider => uint256 gross)) public signedGross;
    mapping(bytes32 lane => uint256 at) private thawedAt;
    mapping(bytes32 lane => uint256 amount) private drawnSinceLimit;
    mapping(bytes32 lane => uint256 at) private limitSince;
    mapping(bytes32 lane => uint96 highest) private burstMost;
    mapping(bytes32 lane => uint96 highest) private perSecondMost;

    constructor(Escrow escrow) {
        ESCROW = escrow;
        tokens[0] = new BlacklistToken();
        tokens[1] = new FreeToken(18);
        HOSTILE = new HostileMeter();
        for (uint256 n = 0; n < KEYS; n++) {
            people[n] = vm.addr(n + 1);
            payees.push(people[n]);
        }
        payees.push(SINK);
        for (uint256 n = 0; n < 2; n++) openLanes(people[n], address(tokens[n]));
        openLanes(people[1], address(tokens[0]));
        for (uint256 n = 0; n < lanes.length; n++) {
            put(lanes[n], AMOUNT_MAX);
            limit(lanes[n], 1e6, 1e12);
        }
    }

    /// @dev Time passes; most of the moves need it.
    function wait(uint32 seconds_) external counted {
        vm.warp(vm.getBlockTimestamp() + bound(seconds_, 1, 20 days));
    }

    function deposit(uint8 which, uint64 amount) external counted {
        put(pick(which), bound(amount, 0, AMOUNT_MAX));
    }

    function setLimit(uint8 which, uint32 perSecond, uint48 burst) external counted {
        limit(pick(which), perSecond, burst);
    }

    function setExpiry(uint8 which, uint32 in_) external counted {
        IEscrow.Lane memory of_ = pick(which);
        uint64 when = in_ % 5 == 0 ? 0 : uint64(ESCROW.clock(of_.meter) + in_ % 60 days);
        vm.prank(of_.renter);
        try ESCROW.setExpiry(of_, when) {} catch {}
    }

    function thaw(uint8 which, uint64 amount, bool cancel) external counted {
        IEscrow.Lane memory of_ = pick(which);
        uint256 spendable = ESCROW.spendable(of_);
        vm.startPrank(of_.renter);
        if (cancel) ESCROW.cancelThaw(of_);
        else ESCROW.thaw(of_, uint128(bound(amount, 0, spendable)));
        vm.stopPrank();
        thawedAt[idOf(of_)] = vm.getBlockTimestamp();
    }

    function withdraw(uint8 which, uint8 by) external counted {
        IEscrow.Lane memory of_ = pick(which);
        bytes32 id = idOf(of_);
        address caller = by % 4 == 0 ? people[by / 4 % KEYS] : of_.renter;
        IEscrow.LaneState memory before = ESCROW.laneState(of_);
        bool hasEnded = before.expiresAt != 0 && ESCROW.clock(of_.meter) >= before.expiresAt;
        vm.prank(caller);
        try ESCROW.withdraw(of_, of_.renter) returns (uint256 amount) {
            withdrawn[id] += amount;
            if (caller != of_.renter) broken = "X12: a stranger withdrew";
            if (!hasEnded && amount > before.thawing) broken = "X7: more than was thawing";
            if (!hasEnded && amount != 0 && vm.getBlockTimestamp() < thawedAt[id] + ESCROW.THAW_SECONDS()) {
                broken = "X7: before the thaw";
            }
        } catch {
            uint256 latest = thawedAt[id] + ESCROW.THAW_SECONDS() + ESCROW.HALT_MAX();
            bool isBlocked = of_.token == address(tokens[0]) && BlacklistToken(of_.token).blocked(of_.renter);
            if (caller == of_.renter && !isBlocked && vm.getBlockTimestamp() >= latest) broken = "X10: kept too long";
        }
    }

    /// @dev Two statements of any two meters, each with two lines: proper, stale, of each other's lanes, too dear, of nobody.
    function redeem(uint8 first, uint8 second, uint8 provider, uint64 gross, uint64 fee, bool forged) external counted {
        IEscrow.Statement[] memory statements = new IEscrow.Statement[](2);
        bytes[] memory signatures = new bytes[](2);
        (statements[0], signatures[0]) = state(pick(first), pick(second).renter, provider, gross, fee, forged);
        (statements[1], signatures[1]) = state(pick(second), pick(first).renter, provider / 4, fee, gross, false);
        uint256[] memory balances = balancesNow();
        try ESCROW.redeem(statements, signatures) {}
        catch {
            broken = "X8: a batch reverted";
        }
        check(balances, statements);
    }

    function collect(uint8 who, uint8 token, bool forHim) external counted {
        address payee_ = payees[who % payees.length];
        address token_ = address(tokens[token % TOKENS]);
        uint256 owed = ESCROW.owed(token_, payee_);
        uint256 before = FreeToken(token_).balanceOf(payee_);
        bytes memory call = forHim
            ? abi.encodeCall(IEscrow.collectFor, (token_, payee_))
            : abi.encodeCall(IEscrow.collect, (token_, payee_));
        vm.prank(forHim ? address(this) : payee_);
        (bool isPaid,) = address(ESCROW).call(call);
        if (isPaid) {
            if (FreeToken(token_).balanceOf(payee_) != before + owed) broken = "X12: not all, or not to him";
        } else if (token % TOKENS != 0 || !BlacklistToken(token_).blocked(payee_)) {
            broken = "X11: a payee was refused";
        }
    }

    function block_(uint8 who, bool isBlocked) external counted {
        BlacklistToken(address(tokens[0])).setBlocked(payees[who % payees.length], isBlocked);
    }

    function halt(uint8 who, uint32 duration, bool resume) external counted {
        vm.startPrank(people[who % KEYS]);
        if (resume) try ESCROW.resume() {} catch {}
        else try ESCROW.halt(duration % 4 days) {} catch {}
        vm.stopPrank();
    }

    function setMood(uint8 mood) external counted {
        HOSTILE.setMood(HostileMeter.Mood(mood % 8));
    }

    function lane(uint256 n) external view returns (IEscrow.Lane memory) {
        return lanes[n];
    }

    function laneCount() external view returns (uint256) {
        return lanes.length;
    }

    function payee(uint256 n) external view returns (address) {
        return payees[n];
    }

    function payeeCount() external view returns (uint256) {
        return payees.length;
    }

    modifier counted() {
        calls++;
        _;
    }

    function put(IEscrow.Lane memory to, uint256 amount) private {
        FreeToken(to.token).mint(address(this), amount);
        FreeToken(to.token).approve(address(ESCROW), amount);
        ESCROW.deposit(to, amount);
        deposited[idOf(to)] += amount;
    }

    function limit(IEscrow.Lane memory of_, uint96 perSecond, uint96 burst) private {
        bytes32 id = idOf(of_);
        vm.prank(of_.renter);
        ESCROW.setLimit(of_, LeakyBucket.Limit(perSecond, burst));
        if (limitSince[id] == 0) limitSince[id] = ESCROW.clock(of_.meter);
        // Announced limits count among the highest too: they come by themselves.
        if (burst > burstMost[id]) burstMost[id] = burst;
        if (perSecond > perSecondMost[id]) perSecondMost[id] = perSecond;
    }

    function openLanes(address renter, address token) private {
        lanes.push(IEscrow.Lane(renter, people[2], token, address(0)));
        lanes.push(IEscrow.Lane(renter, people[2], token, people[3]));
        lanes.push(IEscrow.Lane(renter, renter, token, people[3]));
        lanes.push(IEscrow.Lane(renter, address(HOSTILE), token, address(0)));
    }

    function pick(uint8 which) private view returns (IEscrow.Lane memory) {
        return lanes[which % lanes.length];
    }

    function idOf(IEscrow.Lane memory of_) private view returns (bytes32) {
        return ESCROW.laneId(of_);
    }

    function state(IEscrow.Lane memory of_, address otherRenter, uint8 provider, uint64 gross, uint64 fee, bool forged)
        private
        returns (IEscrow.Statement memory made, bytes memory signature)
    {
        address to = of_.provider == address(0) ? people[provider % KEYS] : of_.provider;
        IEscrow.Line[] memory lines = new IEscrow.Line[](2);
        lines[0] = line(of_, of_.renter, to, gross, fee);
        lines[1] = line(of_, otherRenter, to, fee, gross);
        made = IEscrow.Statement(of_.meter, of_.token, to, of_.provider != address(0), lines);
        uint256 key = keyOf(of_.meter);
        // The contract says yes to everything, when it does.
        if (key == 0 || !forged) note(made);
        if (key == 0) return (made, "");
        if (forged) key = key % KEYS + 1;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, ESCROW.statementDigest(made));
        return (made, abi.encodePacked(r, s, v));
    }

    /// @dev Sums near what was drawn before, so that most lines are due something.
    function line(IEscrow.Lane memory of_, address renter, address to, uint64 gross, uint64 fee)
        private
        view
        returns (IEscrow.Line memory)
    {
        (uint128 grossBefore, uint128 netBefore) =
            ESCROW.drawn(idOf(IEscrow.Lane(renter, of_.meter, of_.token, of_.provider)), to);
        uint128 more = uint128(gross % AMOUNT_MAX);
        // A third keeps the maximum of a quarter only by chance.
        uint128 net = netBefore + more - uint128(bound(fee, 0, more / 3));
        return IEscrow.Line(renter, grossBefore + more, net);
    }

    function note(IEscrow.Statement memory made) private {
        for (uint256 n = 0; n < made.lines.length; n++) {
            IEscrow.Lane memory of_ = IEscrow.Lane(
                made.lines[n].renter, made.meter, made.token, made.named ? made.provider : address(0)
            );
            uint256 gross = made.lines[n].gross;
            if (gross > signedGross[idOf(of_)][made.provider]) signedGross[idOf(of_)][made.provider] = gross;
        }
    }

    function keyOf(address meter) private view returns (uint256 key) {
        for (uint256 n = 0; n < KEYS; n++) if (people[n] == meter) return n + 1;
        return 0;
    }

    function balancesNow() private view returns (uint256[] memory balances) {
        balances = new uint256[](lanes.length);
        for (uint256 n = 0; n < lanes.length; n++) balances[n] = ESCROW.laneState(lanes[n]).balance;
    }

    function check(uint256[] memory before, IEscrow.Statement[] memory statements) private {
        for (uint256 n = 0; n < lanes.length; n++) {
            IEscrow.Lane memory of_ = lanes[n];
            uint256 gone = before[n] - ESCROW.laneState(of_).balance;
            if (gone == 0) continue;
            paidTimes++;
            if (!isNamedIn(of_, statements)) broken = "X3: another lane was touched";
            bytes32 id = idOf(of_);
            drawnSinceLimit[id] += gone;
            uint256 seconds_ = ESCROW.clock(of_.meter) - limitSince[id];
            if (drawnSinceLimit[id] > burstMost[id] + perSecondMost[id] * seconds_) broken = "X5: faster than the limit";
        }
    }

    function isNamedIn(IEscrow.Lane memory of_, IEscrow.Statement[] memory statements) private pure returns (bool) {
        for (uint256 n = 0; n < statements.length; n++) {
            IEscrow.Statement memory made = statements[n];
            address named = made.named ? made.provider : address(0);
            if (made.meter != of_.meter || made.token != of_.token || named != of_.provider) continue;
            for (uint256 l = 0; l < made.lines.length; l++) if (made.lines[l].renter == of_.renter) return true;
        }
        return false;
    }
}
