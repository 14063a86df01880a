// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "../src/interfaces/IStake.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {Stake} from "../src/Stake.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {FinalRoots, StakeFixture} from "./StakeFixture.sol";
import {Test} from "./Vm.sol";

/// @dev All moves of owners, victims, appellants, a poster without conscience, arbiter and guardian. The numbers are those of INVARIANTS.md.
contract StakeInvariants is StakeFixture {
    StakeMoves private moves;

    function setUp() public {
        setUpStake();
        moves = new StakeMoves(stake, token, roots, policy, [OWNER, VICTIM, STRANGER], ARBITER, GUARDIAN);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(moves);
    }

    function invariant_k1_everythingHeldIsSomebodys() public view {
        uint256 sum = stake.totalStaked() + stake.unburnt() + moves.bondsDown();
        for (uint256 n = 0; n < moves.PEOPLE(); n++) sum += stake.owed(moves.people(n));
        assertEq(sum, stake.held(), "held");
        assertEq(stake.held(), token.balanceOf(address(stake)), "tokens");
    }

    function invariant_k2_slashedAndWithdrawnAreAtMostDeposited() public view {
        uint256 total;
        for (uint256 m = 0; m < moves.MACHINES(); m++) {
            for (uint256 n = 0; n < moves.PEOPLE(); n++) {
                (bytes32 machine, address owner) = (bytes32(m), moves.people(n));
                IStake.Position memory position = stake.positionOf(machine, owner);
                assertEq(
                    position.staked + moves.slashed(machine, owner) + moves.withdrawn(machine, owner),
                    moves.deposited(machine, owner),
                    "position"
                );
                assertLe(position.frozen, position.staked, "frozen");
                assertLe(position.unstaking, position.staked, "unstaking");
                assertEq(position.frozen, moves.openOf(machine, owner), "K7: only what is announced");
                total += position.staked;
            }
        }
        assertEq(total, stake.totalStaked(), "all positions");
    }

    function invariant_k8_aVictimGetsAtMostWhatHePaid() public view {
        for (uint256 n = 0; n < moves.PEOPLE(); n++) {
            for (uint256 lease = 0; lease < moves.LEASES(); lease++) {
                uint256 got = stake.compensated(moves.people(n), bytes32(lease));
                assertLe(got, moves.paidMost(moves.people(n), bytes32(lease)), "lease");
            }
        }
    }

    function invariant_everyMoveKeptItsPromise() public view {
        assertEq(bytes(moves.broken()).length, 0, moves.broken());
    }
}

/// @dev Everything that anybody may do with a Stake, with what each move must keep noted in `broken`. The runner finds it only in a file of tests.
contract StakeMoves is Test {
    uint256 public constant PEOPLE = 3;
    uint256 public constant MACHINES = 2;
    uint256 public constant LEASES = 2;
    uint256 private constant AMOUNT_MAX = 1e9;

    Stake private immutable STAKE;
    FreeToken private immutable TOKEN;
    FinalRoots private immutable ROOTS;
    Policy private immutable POLICY;
    address private immutable ARBITER;
    address private immutable GUARDIAN;
    address[PEOPLE] public people;
    IStake.Leaf[] private leaves;
    bytes32[] private siblings;

    string public broken;
    uint256 public bondsDown;
    uint256 public executedTimes;
    mapping(bytes32 machine => mapping(address owner => uint256 amount)) public deposited;
    mapping(bytes32 machine => mapping(address owner => uint256 amount)) public withdrawn;
    mapping(bytes32 machine => mapping(address owner => uint256 amount)) public slashed;
    mapping(bytes32 machine => mapping(address owner => uint256 at)) private unstakedAt;
    mapping(address victim => mapping(bytes32 lease => uint256 amount)) public paidMost;
    mapping(bytes32 id => uint256 at) private announcedAt;
    mapping(uint256 epoch => uint256 amount) private announcedOf;
    mapping(uint256 epoch => uint256 amount) private capOf;

    constructor(
        Stake stake,
        FreeToken token,
        FinalRoots roots,
        Policy policy,
        address[PEOPLE] memory people_,
        address arbiter,
        address guardian
    ) {
        (STAKE, TOKEN, ROOTS, POLICY, ARBITER, GUARDIAN) = (stake, token, roots, policy, arbiter, guardian);
        people = people_;
        for (uint256 n = 0; n < PEOPLE * MACHINES; n++) put(uint8(n), uint8(n), AMOUNT_MAX);
    }

    function wait(uint32 seconds_) external {
        vm.warp(vm.getBlockTimestamp() + bound(seconds_, 1, 5 days));
    }

    function deposit(uint8 machine, uint8 owner, uint32 amount) external {
        put(machine, owner, amount);
    }

    function unstake(uint8 machine, uint8 owner, uint32 amount, bool cancel) external {
        (bytes32 id, address who) = (bytes32(uint256(machine % MACHINES)), people[owner % PEOPLE]);
        IStake.Position memory position = STAKE.positionOf(id, who);
        vm.startPrank(who);
        if (cancel) STAKE.cancelUnstake(id);
        else STAKE.unstake(id, uint128(bound(amount, 0, position.staked - position.unstaking)));
        vm.stopPrank();
        if (!cancel) unstakedAt[id][who] = vm.getBlockTimestamp();
    }

    function withdraw(uint8 machine, uint8 owner) external {
        (bytes32 id, address who) = (bytes32(uint256(machine % MACHINES)), people[owner % PEOPLE]);
        IStake.Position memory before = STAKE.positionOf(id, who);
        uint256 coolAt = unstakedAt[id][who] + STAKE.COOLDOWN_SECONDS();
        vm.prank(who);
        try STAKE.withdraw(id, who) returns (uint256 amount) {
            withdrawn[id][who] += amount;
            if (amount > before.unstaking) broken = "K3: more than was unstaking";
            if (amount != 0 && vm.getBlockTimestamp() < coolAt) broken = "K3: before the cooldown";
        } catch {
            if (vm.getBlockTimestamp() >= coolAt) broken = "K7: kept too long";
        }
    }

    /// @dev A root of two slashes that nobody disputed, however unjust.
    function finalise(uint8 kind, uint8 other, uint32 amount, uint32 paid) external {
        IStake.Leaf memory first = leafOf(kind, amount, paid, 0);
        IStake.Leaf memory second = leafOf(other, paid, amount, 1);
        (bytes32 a, bytes32 b) = (STAKE.leafId(first), STAKE.leafId(second));
        ROOTS.finalise(a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a)));
        keep(first, b);
        keep(second, a);
        uint256 n = leaves.length;
        tryAnnounce(n - 1);
        if (kind % 3 != 0) tryAnnounce(n - 2);
    }

    function announce(uint8 which) external {
        if (leaves.length != 0) tryAnnounce(which % leaves.length);
    }

    function appeal(uint8 which, uint8 who) external {
        if (leaves.length == 0) return;
        bytes32 id = STAKE.leafId(leaves[which % leaves.length]);
        address appellant = people[who % PEOPLE];
        uint256 bond = POLICY.parameter(Names.APPEAL_BOND);
        TOKEN.mint(appellant, bond);
        vm.startPrank(appellant);
        TOKEN.approve(address(STAKE), bond);
        try STAKE.appeal(id) {
            bondsDown += bond;
        } catch {}
        vm.stopPrank();
    }

    function decide(uint8 which, bool stands, bool byArbiter) external {
        if (leaves.length == 0) return;
        IStake.Leaf memory leaf = leaves[which % leaves.length];
        IStake.Slash memory before = STAKE.slashOf(STAKE.leafId(leaf));
        vm.prank(byArbiter ? ARBITER : people[which % PEOPLE]);
        try STAKE.decide(leaf, stands) {
            if (!byArbiter) broken = "K6: not the arbiter";
            if (before.stage != IStake.Stage.Appealed || vm.getBlockTimestamp() >= before.deadline) broken = "K6: too late";
            bondsDown -= before.bond;
            if (stands) note(leaf, before.amount);
        } catch {}
    }

    function execute(uint8 which, bool voiding) external {
        if (leaves.length == 0) return;
        IStake.Leaf memory leaf = leaves[which % leaves.length];
        bytes32 id = STAKE.leafId(leaf);
        IStake.Slash memory before = STAKE.slashOf(id);
        if (voiding) {
            try STAKE.voidSlash(leaf) {
                bondsDown -= before.bond;
                if (vm.getBlockTimestamp() < before.deadline) broken = "K6: voided early";
            } catch {}
            return;
        }
        try STAKE.execute(leaf) {
            if (vm.getBlockTimestamp() < announcedAt[id] + STAKE.APPEAL_SECONDS()) broken = "K6: executed early";
            if (before.stage != IStake.Stage.Announced) broken = "K6: executed in spite of an appeal, or twice";
            if (POLICY.paused(Names.SLASHING)) broken = "K9: executed in a pause";
            note(leaf, before.amount);
        } catch {}
    }

    function collect(uint8 who) external {
        address payee = people[who % PEOPLE];
        uint256 owed = STAKE.owed(payee);
        vm.prank(payee);
        if (STAKE.collect(payee) != owed) broken = "collected something else";
        STAKE.burn();
    }

    function pause(uint8 days_) external {
        vm.prank(GUARDIAN);
        try POLICY.pause(Names.SLASHING, days_ % 4 * 1 days) {} catch {}
    }

    /// @dev Announced and appealed slashes of a position, by counting.
    function openOf(bytes32 machine, address owner) external view returns (uint256 sum) {
        for (uint256 n = 0; n < leaves.length; n++) {
            if (leaves[n].machine != machine || leaves[n].owner != owner) continue;
            IStake.Slash memory slash = STAKE.slashOf(STAKE.leafId(leaves[n]));
            if (slash.stage == IStake.Stage.Announced || slash.stage == IStake.Stage.Appealed) sum += slash.amount;
        }
    }

    function put(uint8 machine, uint8 owner, uint256 amount) private {
        (bytes32 id, address who) = (bytes32(uint256(machine % MACHINES)), people[owner % PEOPLE]);
        TOKEN.mint(address(this), amount);
        TOKEN.approve(address(STAKE), amount);
        STAKE.deposit(id, who, amount);
        deposited[id][who] += amount;
    }

    function leafOf(uint8 kind, uint32 amount, uint32 paid, uint256 index) private view returns (IStake.Leaf memory) {
        return IStake.Leaf({
            epoch: ROOTS.finalEpoch() + 1,
            index: index,
            machine: bytes32(uint256(kind % MACHINES)),
            owner: people[kind / 2 % PEOPLE],
            amount: amount,
            victim: kind % 5 == 0 ? address(0) : people[kind / 6 % PEOPLE],
            lease: bytes32(uint256(kind / 18 % LEASES)),
            paid: paid,
            evidence: 0
        });
    }

    function keep(IStake.Leaf memory leaf, bytes32 sibling) private {
        leaves.push(leaf);
        siblings.push(sibling);
        if (leaf.paid > paidMost[leaf.victim][leaf.lease]) paidMost[leaf.victim][leaf.lease] = leaf.paid;
    }

    function tryAnnounce(uint256 n) private {
        IStake.Leaf memory leaf = leaves[n];
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = siblings[n];
        bytes32 id = STAKE.leafId(leaf);
        uint256 cap = STAKE.totalStaked() * STAKE.ROOT_CAP_PPM() / 1e6;
        try STAKE.announce(leaf, proof) {
            if (POLICY.paused(Names.SLASHING)) broken = "K9: announced in a pause";
            if (announcedAt[id] != 0) broken = "K4: announced twice";
            announcedAt[id] = vm.getBlockTimestamp();
            if (capOf[leaf.epoch] == 0) capOf[leaf.epoch] = cap;
            announcedOf[leaf.epoch] += STAKE.slashOf(id).amount;
            if (announcedOf[leaf.epoch] > capOf[leaf.epoch]) broken = "K5: above the root's cap";
        } catch {}
    }

    function note(IStake.Leaf memory leaf, uint256 amount) private {
        slashed[leaf.machine][leaf.owner] += amount;
        executedTimes++;
    }
}
