// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "../src/Emission.sol";
import {Escrow} from "../src/Escrow.sol";
import {FeeSink} from "../src/FeeSink.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IEscrow} from "../src/interfaces/IEscrow.sol";
import {ILicenseSale} from "../src/interfaces/ILicenseSale.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {IStake} from "../src/interfaces/IStake.sol";
import {LeakyBucket} from "../src/LeakyBucket.sol";
import {License} from "../src/License.sol";
import {LicenseSale} from "../src/LicenseSale.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {PolicyMath} from "../src/PolicyMath.sol";
import {Rewards} from "../src/Rewards.sol";
import {Stake} from "../src/Stake.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {PolicyFixture} from "./PolicyFixture.sol";
import {Test} from "./Vm.sol";

/// @dev All contracts of a network on one payment token, and a coalition that plays every role a person may take by himself.
contract WholeSystem is Test, PolicyFixture {
    uint256 internal constant START = 1_800_000_000;
    Coalition private coalition;

    function setUp() public {
        vm.warp(START);
        IPolicy.ParameterParameters[] memory more = new IPolicy.ParameterParameters[](3);
        more[0] = IPolicy.ParameterParameters(Names.poolWeight(0), 1, 1, 1);
        more[1] = IPolicy.ParameterParameters(Names.shareWeight(Names.ARBITER), 1, 1, 1);
        more[2] = IPolicy.ParameterParameters(Names.shareWeight(Names.BURN), 2, 2, 2);
        coalition = new Coalition(new FreeToken(6), newPolicy(more), [POSTER, ARBITER, GOVERNOR, GUARDIAN], HASH);
        coalition.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(coalition);
    }

    /// @dev Without this the invariants might hold because nothing ever happens: each move reverts when it cannot be made.
    function test_everyMoveCanBeMade() public {
        for (uint8 act = 0; act < 5; act++) {
            if (act == 2) coalition.wait(8 days);
            if (act == 2) coalition.wait(6 days);
            coalition.lane(0, act, 1e9);
        }
        coalition.redeem(1, 2, 1e6, 1e5);
        coalition.redeem(5, 1, 1e6, 1e5);
        coalition.serveAnOutsider(1, 1e6);
        coalition.collect(1);
        uint256 before = coalition.fromOutsiders();
        assertEq(before, 8e5, "served");
        coalition.post(0, 1e9, 1e9, 1, true);
        coalition.dispute(2);
        coalition.settle(true, false);
        coalition.takeBonds(2);
        assertLe(before + 1, coalition.fromOutsiders(), "an arbiter who is wrong");
        slashAndAppeal(0);
        coalition.slash(1, 2, true);
        slashAndAppeal(5);
        coalition.wait(7 days);
        coalition.slash(2, 4, false);
        before = coalition.fromOutsiders();
        makeFinal(5, 2);
        coalition.slash(3, 0, false);
        coalition.wait(3 days);
        coalition.slash(3, 3, false);
        assertEq(coalition.fromOutsiders(), before + 1e9, "an outsider's stake, since nobody disputed");
        coalition.distribute();
        for (uint8 act = 0; act < 4; act++) {
            if (act == 2) for (uint256 n = 0; n < 3; n++) coalition.wait(7 days);
            coalition.stakes(1, act, 1e6);
        }
        for (uint8 n = 0; n < 3; n++) coalition.buy(n, 1);
        coalition.giveBack(0, false);
        coalition.giveBack(1, true);
        for (uint256 n = 0; n < 5; n++) coalition.wait(8 days);
        coalition.takeCommission();
        coalition.pause(1);
        invariant_noCoalitionEndsRicherWithoutAnOutsidersMoney();
        invariant_noOutsiderLosesButWhatHeWasServedFor();
        invariant_everyContractHoldsWhatItOwes();
    }

    function slashAndAppeal(uint8 whose) private {
        makeFinal(whose, 1);
        coalition.slash(coalition.lastLeaf(), 0, false);
        coalition.slash(coalition.lastLeaf(), 1, false);
    }

    function makeFinal(uint8 whose, uint8 victim) private {
        coalition.post(whose, 1e9, 1e9, victim, true);
        coalition.wait(3 days + 1);
        coalition.settle(false, false);
    }

    /// W1
    function invariant_noCoalitionEndsRicherWithoutAnOutsidersMoney() public view {
        assertLe(coalition.wealth(), coalition.broughtIn() + coalition.fromOutsiders(), "free loop");
    }

    /// W2
    function invariant_noOutsiderLosesButWhatHeWasServedFor() public view {
        assertEq(coalition.outsidersMoney(), coalition.outsidersBrought() - coalition.outsidersPaid(), "outsiders");
    }

    /// W3
    function invariant_everyContractHoldsWhatItOwes() public view {
        coalition.requireCovered();
    }
}

/// @dev Renter, provider, checker, referrer and victim in one hand, with a meter of their own, all moves open to them, and outsiders who do
/// their part honestly. The runner finds it only in a file of tests.
contract Coalition is Test {
    uint256 private constant MEMBERS = 5;
    uint256 private constant PURSE = 1_000_000e6;
    uint256 private constant OWN_METER_KEY = 0xBAD;
    uint256 private constant MEMBER_KEY = 0xC0A1;
    uint256 private constant HONEST_METER_KEY = 0x600D;
    uint128 private constant PRICE = 1_000e6;
    uint64 private constant REFUND_END = 1_800_000_000 + 90 days;
    bytes32 private constant MACHINE = "machine";
    address private constant OUTSIDE_RENTER = address(0x900);
    address private constant OUTSIDE_OWNER = address(0x901);
    address private constant TREASURY = address(0x902);

    FreeToken private immutable USD;
    Policy private immutable POLICY;
    bytes32 private immutable HASH;
    address private immutable POSTER;
    address private immutable ARBITER;
    address private immutable GOVERNOR;
    address private immutable GUARDIAN;
    address[MEMBERS] private members;
    Escrow private escrow;
    Rewards private rewards;
    Stake private stake;
    FeeSink private sink;
    LicenseSale private sale;
    License private license;
    IEscrow.Lane[] private lanes;
    IStake.Leaf[] private leaves;
    uint256[] private ids;
    mapping(uint256 id => uint256 amount) private costOf;
    mapping(uint256 id => uint256 amount) private commissionOf;

    uint256 public fromOutsiders;
    uint256 public outsidersPaid;
    uint256 public outsidersBrought;
    uint256 public moves;

    constructor(FreeToken usd, Policy policy, address[4] memory roles, bytes32 hash) {
        (USD, POLICY, HASH) = (usd, policy, hash);
        (POSTER, ARBITER, GOVERNOR, GUARDIAN) = (roles[0], roles[1], roles[2], roles[3]);
        for (uint256 n = 0; n < MEMBERS; n++) members[n] = vm.addr(MEMBER_KEY + n);
    }

    function begin() external {
        require(address(escrow) == address(0), "once");
        escrow = Escrow(deploy("Escrow", abi.encode(POLICY, 250_000, 14 days, 3 days, 60 days)));
        deployRewards();
        stake = Stake(deploy("Stake", abi.encode(USD, POLICY, rewards, 500_000, 200_000, Stake.Timing(21 days, 3 days, 7 days, 4))));
        deploySale();
        for (uint256 n = 0; n < MEMBERS; n++) endow(members[n]);
        endow(OUTSIDE_RENTER);
        endow(OUTSIDE_OWNER);
        endow(POSTER);
        outsidersBrought = 3 * PURSE;
        openLanes();
        vm.prank(OUTSIDE_OWNER);
        stake.deposit(MACHINE, OUTSIDE_OWNER, PURSE / 2);
        for (uint256 n = 0; n < MEMBERS; n++) {
            vm.startPrank(members[n]);
            stake.deposit(MACHINE, members[n], PURSE / 10);
            if (n == 0) sale.register();
            vm.stopPrank();
        }
    }

    function broughtIn() external pure returns (uint256) {
        return MEMBERS * PURSE;
    }

    function wait(uint32 seconds_) external {
        vm.warp(vm.getBlockTimestamp() + bound(seconds_, 1, 8 days));
    }

    /// @dev Any lane of a member: money in, limit, thaw, out.
    function lane(uint8 which, uint8 act, uint64 amount) external counted {
        IEscrow.Lane memory own = lanes[bound(which, 0, lanes.length - 2)];
        vm.startPrank(own.renter);
        if (act % 5 == 0) escrow.deposit(own, bound(amount, 0, USD.balanceOf(own.renter)));
        if (act % 5 == 1) escrow.thaw(own, uint128(bound(amount, 0, escrow.spendable(own))));
        if (act % 5 == 2) escrow.withdraw(own, own.renter);
        if (act % 5 == 3) escrow.setLimit(own, LeakyBucket.Limit(amount, amount));
        if (act % 5 == 4) escrow.setExpiry(own, uint64(escrow.clock(own.meter)) + amount % 60 days);
        vm.stopPrank();
    }

    /// @dev Whatever their own meter, or a renter's own key, signs for any member.
    function redeem(uint8 which, uint8 provider, uint64 more, uint64 fee) external counted {
        IEscrow.Lane memory from = lanes[which % lanes.length];
        address to = from.provider == address(0) ? members[provider % MEMBERS] : from.provider;
        (uint128 gross, uint128 net) = escrow.drawn(escrow.laneId(from), to);
        gross += more;
        net += more - uint128(bound(fee, 0, more / 4));
        uint256 key = from.renter == from.meter ? MEMBER_KEY : OWN_METER_KEY;
        redeemSigned(from, to, gross, net, key);
    }

    /// @dev An outsider rents from the provider, and the network's meter says how much he was served.
    function serveAnOutsider(uint8 provider, uint32 gross) external counted {
        IEscrow.Lane memory from = lanes[lanes.length - 1];
        address to = members[provider % MEMBERS];
        (uint128 grossBefore, uint128 netBefore) = escrow.drawn(escrow.laneId(from), to);
        uint256 before = escrow.spendable(from);
        uint128 net = netBefore + gross - gross / 5;
        uint256 paid = redeemSigned(from, to, grossBefore + gross, net, HONEST_METER_KEY);
        fromOutsiders += paid;
        outsidersPaid += before - escrow.spendable(from);
    }

    function collect(uint8 who) external counted {
        escrow.collectFor(address(USD), members[who % MEMBERS]);
        vm.prank(members[who % MEMBERS]);
        stake.collect(members[who % MEMBERS]);
        stake.burn();
    }

    /// @dev What the network kept, to the holders of its shares; anybody may.
    function distribute() external counted {
        escrow.collectFor(address(USD), address(sink));
        sink.distribute(address(USD));
        sink.withdraw(address(USD), Names.ARBITER);
        sink.withdraw(address(USD), Names.BURN);
    }

    function stakes(uint8 who, uint8 act, uint64 amount) external counted {
        address owner = members[who % MEMBERS];
        uint128 staked = stake.positionOf(MACHINE, owner).staked;
        vm.startPrank(owner);
        if (act % 4 == 0) stake.deposit(MACHINE, members[act % MEMBERS], bound(amount, 0, USD.balanceOf(owner)));
        if (act % 4 == 1) stake.unstake(MACHINE, uint128(bound(amount, 0, staked)));
        if (act % 4 == 2) stake.withdraw(MACHINE, owner);
        if (act % 4 == 3) stake.cancelUnstake(MACHINE);
        vm.stopPrank();
    }

    /// @dev A root with a slash of one of them, or of an outsider, in favour of one of them, which nobody outside disputes. Posted by the poster, or by one of them.
    function post(uint8 who, uint64 amount, uint64 paid, uint8 victim, bool byPoster) external counted {
        IStake.Leaf memory leaf = IStake.Leaf({
            epoch: rewards.finalEpoch() + 1,
            index: moves,
            machine: MACHINE,
            owner: who % 6 == MEMBERS ? OUTSIDE_OWNER : members[who % MEMBERS],
            amount: amount,
            victim: members[victim % MEMBERS],
            lease: bytes32(uint256(victim % 3)),
            paid: paid,
            evidence: 0
        });
        IRewards.Roots memory roots = rootsOf(leaf);
        vm.prank(byPoster ? POSTER : members[victim % MEMBERS]);
        rewards.post(roots);
        leaves.push(leaf);
    }

    function dispute(uint8 who) external counted {
        bytes32 id = rewards.pending().id;
        vm.prank(members[who % MEMBERS]);
        rewards.dispute(id);
    }

    /// @dev The arbiter may be wrong: what a member wins of the poster's bond is an outsider's money.
    function settle(bool decides, bool stands) external counted {
        IRewards.Pending memory before = rewards.pending();
        IRewards.Roots memory roots = rootsOf(leaves[leaves.length - 1]);
        uint256 outsider = rewards.bondOwed(POSTER);
        if (decides) vm.prank(ARBITER);
        if (decides) rewards.decide(roots, stands);
        else rewards.settle(roots);
        if (before.poster != POSTER || !decides) return;
        uint256 back = rewards.bondOwed(POSTER) - outsider;
        if (stands) {
            // Half of a member's bond.
            outsidersBrought += back - before.posterBond;
        } else {
            fromOutsiders += before.posterBond / 2;
            outsidersPaid += before.posterBond;
        }
    }

    function slash(uint8 which, uint8 act, bool stands) external counted {
        IStake.Leaf memory leaf = leaves[which % leaves.length];
        bytes32 id = stake.leafId(leaf);
        uint256 outsider = stake.positionOf(MACHINE, OUTSIDE_OWNER).staked;
        uint256 victims = stake.owed(leaf.victim);
        if (act % 5 == 0) stake.announce(leaf, new bytes32[](0));
        if (act % 5 == 1) vm.prank(members[act % MEMBERS]);
        if (act % 5 == 1) stake.appeal(id);
        if (act % 5 == 2) vm.prank(ARBITER);
        if (act % 5 == 2) stake.decide(leaf, stands);
        if (act % 5 == 3) stake.execute(leaf);
        if (act % 5 == 4) stake.voidSlash(leaf);
        if (leaf.owner != OUTSIDE_OWNER || act % 5 == 4 || (act % 5 == 2 && !stands)) return;
        outsidersPaid += outsider - stake.positionOf(MACHINE, OUTSIDE_OWNER).staked;
        fromOutsiders += stake.owed(leaf.victim) - victims;
    }

    function takeBonds(uint8 who) external counted {
        rewards.withdrawBond(members[who % MEMBERS]);
    }

    function buy(uint8 who, uint8 to) external counted {
        ILicenseSale.Order memory order;
        order.to = members[to % MEMBERS];
        order.count = 1;
        order.maxCost = type(uint256).max;
        order.deadline = type(uint64).max;
        if (who % 3 != 0) order.referrer = members[0];
        (, uint256 commission) = sale.quote(1, order.referrer);
        vm.prank(members[who % MEMBERS]);
        (uint256 first, uint256 cost) = sale.buy(order);
        ids.push(first);
        (costOf[first], commissionOf[first]) = (cost, commission);
    }

    function giveBack(uint8 which, bool activates) external counted {
        uint256[] memory one = new uint256[](1);
        one[0] = ids[which % ids.length];
        address owner = license.ownerOf(one[0]);
        vm.startPrank(owner);
        if (activates) license.activate(one);
        else sale.refund(one, owner);
        vm.stopPrank();
    }

    function takeCommission() external counted {
        vm.prank(members[0]);
        sale.takeCommission(members[0]);
        sale.collect();
    }

    function pause(uint8 what) external counted {
        bytes32[3] memory names = [Names.POSTING, Names.SLASHING, Names.SALE];
        vm.prank(GUARDIAN);
        POLICY.pause(names[what % 3], 1 days);
    }

    /// @dev All that the members have, or could get out, at the most.
    function wealth() external view returns (uint256 sum) {
        for (uint256 n = 0; n < MEMBERS; n++) {
            address member = members[n];
            sum += USD.balanceOf(member) + escrow.owed(address(USD), member) + stake.owed(member);
            sum += stake.positionOf(MACHINE, member).staked + bondsOf(member);
            (,,, uint128 commission) = sale.referrers(member);
            sum += commission;
        }
        for (uint256 n = 0; n + 1 < lanes.length; n++) sum += escrow.laneState(lanes[n]).balance;
        return sum + bondsDown() + inLicences();
    }

    function lastLeaf() external view returns (uint8 which) {
        return uint8(leaves.length - 1);
    }

    function outsidersMoney() external view returns (uint256 sum) {
        address[3] memory outsiders = [OUTSIDE_RENTER, OUTSIDE_OWNER, POSTER];
        for (uint256 n = 0; n < 3; n++) {
            sum += USD.balanceOf(outsiders[n]) + stake.positionOf(MACHINE, outsiders[n]).staked;
            sum += bondsOf(outsiders[n]);
        }
        IRewards.Pending memory waiting = rewards.pending();
        if (waiting.poster == POSTER) sum += waiting.posterBond;
        return sum + escrow.laneState(lanes[lanes.length - 1]).balance;
    }

    /// @dev What Rewards owes or holds of an account's bonds.
    function bondsOf(address account) private view returns (uint256) {
        (, uint256 held) = rewards.bondHeld(account);
        return rewards.bondOwed(account) + held;
    }

    function requireCovered() external view {
        assertEq(escrow.held(address(USD)), USD.balanceOf(address(escrow)), "escrow");
        assertEq(stake.held(), USD.balanceOf(address(stake)), "stake");
        uint256 bonds = bondsOf(POSTER) + bondsOf(address(sink));
        for (uint256 n = 0; n < MEMBERS; n++) bonds += bondsOf(members[n]);
        IRewards.Pending memory waiting = rewards.pending();
        if (waiting.poster != address(0)) bonds += waiting.posterBond;
        if (waiting.disputer != address(0)) bonds += waiting.disputeBond;
        assertLe(bonds, USD.balanceOf(address(rewards)), "bonds");
        assertLe(sink.owedInAll(address(USD)), USD.balanceOf(address(sink)), "shares");
        assertLe(sale.commissions(), USD.balanceOf(address(sale)), "commissions");
    }

    modifier counted() {
        moves++;
        _;
    }

    function bondsDown() private view returns (uint256 sum) {
        IRewards.Pending memory waiting = rewards.pending();
        if (waiting.poster != POSTER && waiting.poster != address(0)) sum += waiting.posterBond;
        if (waiting.disputer != address(0)) sum += waiting.disputeBond;
        for (uint256 n = 0; n < leaves.length; n++) {
            IStake.Slash memory of_ = stake.slashOf(stake.leafId(leaves[n]));
            if (of_.stage == IStake.Stage.Appealed) sum += of_.bond;
        }
    }

    /// @dev What giving all licences back would bring. It cancels their commissions, which count already.
    function inLicences() private view returns (uint256 sum) {
        if (vm.getBlockTimestamp() >= REFUND_END) return 0;
        for (uint256 n = 0; n < ids.length; n++) {
            bool isLive = license.batchOf(ids[n]) == ids[n] && isOwned(ids[n]);
            if (isLive && !license.activated(ids[n])) sum += costOf[ids[n]] - commissionOf[ids[n]];
        }
    }

    function isOwned(uint256 id) private view returns (bool) {
        try license.ownerOf(id) {
            return true;
        } catch {
            return false;
        }
    }

    function redeemSigned(IEscrow.Lane memory from, address to, uint128 gross, uint128 net, uint256 key)
        private
        returns (uint256 paid)
    {
        IEscrow.Statement[] memory statements = new IEscrow.Statement[](1);
        statements[0].lines = new IEscrow.Line[](1);
        statements[0].lines[0] = IEscrow.Line(from.renter, gross, net);
        (statements[0].meter, statements[0].token) = (from.meter, from.token);
        (statements[0].provider, statements[0].named) = (to, from.provider != address(0));
        bytes[] memory signatures = new bytes[](1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, escrow.statementDigest(statements[0]));
        signatures[0] = abi.encodePacked(r, s, v);
        return escrow.redeem(statements, signatures)[0];
    }

    function rootsOf(IStake.Leaf memory leaf) private view returns (IRewards.Roots memory roots) {
        roots.slashRoot = stake.leafId(leaf);
        roots.policyHash = HASH;
        roots.grants = new uint256[](1);
    }

    function endow(address account) private {
        USD.mint(account, PURSE);
        vm.startPrank(account);
        USD.approve(address(escrow), type(uint256).max);
        USD.approve(address(stake), type(uint256).max);
        USD.approve(address(rewards), type(uint256).max);
        USD.approve(address(sale), type(uint256).max);
        vm.stopPrank();
    }

    /// @dev Of each member one that his coalition's meter draws on, one of his own signature, and last an outsider's with the network's meter.
    function openLanes() private {
        for (uint256 n = 0; n < MEMBERS; n++) {
            open(IEscrow.Lane(members[n], vm.addr(OWN_METER_KEY), address(USD), address(0)), PURSE / 10);
        }
        open(IEscrow.Lane(members[0], members[0], address(USD), members[1]), PURSE / 10);
        open(IEscrow.Lane(OUTSIDE_RENTER, vm.addr(HONEST_METER_KEY), address(USD), address(0)), PURSE / 2);
    }

    function open(IEscrow.Lane memory made, uint256 amount) private {
        lanes.push(made);
        vm.startPrank(made.renter);
        escrow.setLimit(made, LeakyBucket.Limit(1e6, 1e12));
        escrow.deposit(made, amount);
        vm.stopPrank();
    }

    function deployRewards() private {
        IEmission.CurveParameters[] memory curves = new IEmission.CurveParameters[](1);
        curves[0].points = new PolicyMath.Point[](1);
        curves[0].points[0] = PolicyMath.Point(0, 1e24);
        IEmission.PoolParameters[] memory pools = new IEmission.PoolParameters[](1);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        pools[0] = IEmission.PoolParameters({curve: 0, recipient: next});
        Emission emission = Emission(deploy("Emission", abi.encode(IEmission.TokenParameters("Coop", "COOP", 18, 1e24), POLICY, uint64(vm.getBlockTimestamp()), curves, pools)));
        PolicyMath.Vesting[] memory vesting = new PolicyMath.Vesting[](1);
        vesting[0] = PolicyMath.Vesting(180 days, 1_000_000);
        rewards = Rewards(deploy("Rewards", abi.encode(emission, POLICY, USD, new uint256[](1), vesting)));
        bytes32[] memory shares = new bytes32[](2);
        (shares[0], shares[1]) = (Names.ARBITER, Names.BURN);
        sink = FeeSink(deploy("FeeSink", abi.encode(POLICY, emission.TOKEN(), shares)));
        appointSink();
    }

    /// @dev By the governor, with the delay that he has to keep.
    function appointSink() private {
        vm.prank(GOVERNOR);
        POLICY.announce(IPolicy.Kind.Role, Names.SINK, bytes32(uint256(uint160(address(sink)))));
        vm.warp(vm.getBlockTimestamp() + POLICY.DELAY());
        POLICY.execute(IPolicy.Kind.Role, Names.SINK);
    }

    function deploySale() private {
        ILicenseSale.Setup memory setup;
        (setup.name, setup.symbol, setup.token, setup.treasury) = ("Licence", "L", USD, TREASURY);
        (setup.policy, setup.refundEnd, setup.lockEnd) = (POLICY, REFUND_END, REFUND_END + 90 days);
        (setup.refundFeePpm, setup.discountPpm, setup.commissionPpm) = (30_000, 50_000, 150_000);
        setup.tiers = new ILicenseSale.Tier[](1);
        setup.tiers[0] = ILicenseSale.Tier({count: 1_000, price: PRICE, capPerAddress: 0});
        setup.phases = new ILicenseSale.Phase[](1);
        uint64 opensAt = uint64(vm.getBlockTimestamp());
        setup.phases[0] = ILicenseSale.Phase({opensAt: opensAt, closesAt: REFUND_END, allowlist: false});
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        license = License(address(sale.LICENSE()));
    }
}
