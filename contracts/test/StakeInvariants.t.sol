// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {IStake} from "../src/interfaces/IStake.sol";
import {Names} from "../src/Names.sol";
import {Stake} from "../src/Stake.sol";
import {StakeFixture} from "./StakeFixture.sol";
import {Test} from "./Vm.sol";

/// @dev All moves of owners, victims, appellants, a poster without conscience, disputers, arbiter and guardian. The numbers are those of INVARIANTS.md.
contract StakeInvariants is Test {
    StakeMoves private moves;
    Stake private stake;

    function setUp() public {
        moves = new StakeMoves();
        stake = moves.stake();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(moves);
    }

    /// @dev Without this the invariants might hold because nothing is ever slashed.
    function test_aPostedRootIsAnnouncedAppealedAndExecuted() public {
        moves.post(0, 3, 1e6, 1e6);
        moves.dispute(2);
        moves.settle(false, true, true); // rejected
        moves.post(0, 3, 1e6, 1e6);
        moves.settle(false, false, true); // final by itself
        moves.appeal(0, 0);
        moves.decide(0, true, true);
        moves.execute(1, false, true);
        assertEq(moves.executedTimes(), 2, "executed");
        moves.execute(2, false, true);
        moves.execute(3, false, true);
        assertEq(moves.executedTimes(), 2, "of the rejected root none");
        invariant_everyMoveKeptItsPromise();
        invariant_k1_everythingHeldIsSomebodys();
        invariant_k2_slashedAndWithdrawnAreAtMostDeposited();
    }

    function invariant_k1_everythingHeldIsSomebodys() public view {
        uint256 sum = stake.totalStaked() + stake.unburnt() + moves.bondsDown();
        for (uint256 n = 0; n < moves.PEOPLE(); n++) sum += stake.owed(moves.people(n));
        assertEq(sum, stake.held(), "held");
        assertEq(stake.held(), stake.TOKEN().balanceOf(address(stake)), "tokens");
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
contract StakeMoves is StakeFixture {
    uint256 public constant PEOPLE = 3;
    uint256 public constant MACHINES = 2;
    uint256 public constant LEASES = 2;
    uint256 private constant AMOUNT_MAX = 1e9;

    address[PEOPLE] public people = [OWNER, VICTIM, STRANGER];
    IStake.Leaf[] private leaves;
    bytes32[] private siblings;

    /// That of the root that waits.
    IRewards.Roots private roots;
    /// Whether the root of a leaf became final.
    mapping(bytes32 id => bool isIt) private isFinal;

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

    constructor() {
        setUpStake();
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
        IStake.Position memory position = stake.positionOf(id, who);
        vm.startPrank(who);
        if (cancel) stake.cancelUnstake(id);
        else stake.unstake(id, uint128(bound(amount, 0, position.staked - position.unstaking)));
        vm.stopPrank();
        if (!cancel) unstakedAt[id][who] = vm.getBlockTimestamp();
    }

    function withdraw(uint8 machine, uint8 owner) external {
        (bytes32 id, address who) = (bytes32(uint256(machine % MACHINES)), people[owner % PEOPLE]);
        IStake.Position memory before = stake.positionOf(id, who);
        uint256 coolAt = unstakedAt[id][who] + stake.COOLDOWN_SECONDS();
        vm.prank(who);
        try stake.withdraw(id, who) returns (uint256 amount) {
            withdrawn[id][who] += amount;
            if (amount > before.unstaking) broken = "K3: more than was unstaking";
            if (amount != 0 && vm.getBlockTimestamp() < coolAt) broken = "K3: before the cooldown";
        } catch {
            if (vm.getBlockTimestamp() >= coolAt) broken = "K7: kept too long";
        }
    }

    /// @dev A root of two slashes, however unjust, unless one waits already.
    function post(uint8 kind, uint8 other, uint32 amount, uint32 paid) public {
        IStake.Leaf memory first = leafOf(kind, amount, paid, 0);
        IStake.Leaf memory second = leafOf(other, paid, amount, 1);
        (bytes32 a, bytes32 b) = (stake.leafId(first), stake.leafId(second));
        roots = posted(Hashes.commutativeKeccak256(a, b));
        keep(first, b);
        keep(second, a);
    }

    function postUndisputed(uint8 kind, uint8 other, uint32 amount, uint32 paid) external {
        post(kind, other, amount, paid);
        settle(false, false, true);
    }

    function dispute(uint8 who) external {
        disputed(people[who % PEOPLE]);
    }

    /// @dev The root that waits: by the arbiter's word where he gives one, else when its window is over.
    function settle(bool stands, bool isDecided, bool announcesBoth) public {
        IRewards.Pending memory pending = rewards.pending();
        bool isDisputed = pending.disputer != address(0);
        if (isDecided && isDisputed) {
            vm.prank(ARBITER);
            rewards.decide(roots, stands);
        } else {
            vm.warp(1 + (isDisputed ? pending.decidableUntil : pending.disputableUntil));
            rewards.settle(roots);
        }
        if (isDisputed && !(isDecided && stands)) return;
        uint256 n = leaves.length;
        (isFinal[stake.leafId(leaves[n - 1])], isFinal[stake.leafId(leaves[n - 2])]) = (true, true);
        tryAnnounce(n - 1);
        if (announcesBoth) tryAnnounce(n - 2);
    }

    function announce(uint8 which) external {
        if (leaves.length != 0) tryAnnounce(recent(which));
    }

    function appeal(uint8 which, uint8 who) external {
        if (leaves.length == 0) return;
        bytes32 id = stake.leafId(leaves[recent(which)]);
        address appellant = people[who % PEOPLE];
        uint256 bond = policy.parameter(Names.APPEAL_BOND);
        token.mint(appellant, bond);
        vm.startPrank(appellant);
        token.approve(address(stake), bond);
        try stake.appeal(id) {
            bondsDown += bond;
        } catch {}
        vm.stopPrank();
    }

    function decide(uint8 which, bool stands, bool byArbiter) external {
        if (leaves.length == 0) return;
        IStake.Leaf memory leaf = leaves[recent(which)];
        IStake.Slash memory before = stake.slashOf(stake.leafId(leaf));
        vm.prank(byArbiter ? ARBITER : people[which % PEOPLE]);
        try stake.decide(leaf, stands) {
            if (!byArbiter) broken = "K6: not the arbiter";
            if (before.stage != IStake.Stage.Appealed || vm.getBlockTimestamp() >= before.deadline) broken = "K6: too late";
            bondsDown -= before.bond;
            if (stands) note(leaf, before.amount);
        } catch {}
    }

    function execute(uint8 which, bool voiding, bool whenDue) external {
        if (leaves.length == 0) return;
        IStake.Leaf memory leaf = leaves[recent(which)];
        bytes32 id = stake.leafId(leaf);
        IStake.Slash memory before = stake.slashOf(id);
        if (whenDue && before.deadline > vm.getBlockTimestamp()) vm.warp(before.deadline);
        if (voiding) {
            try stake.voidSlash(leaf) {
                bondsDown -= before.bond;
                if (vm.getBlockTimestamp() < before.deadline) broken = "K6: voided early";
            } catch {}
            return;
        }
        try stake.execute(leaf) {
            if (vm.getBlockTimestamp() < announcedAt[id] + stake.APPEAL_SECONDS()) broken = "K6: executed early";
            if (before.stage != IStake.Stage.Announced) broken = "K6: executed in spite of an appeal, or twice";
            if (policy.paused(Names.SLASHING)) broken = "K9: executed in a pause";
            note(leaf, before.amount);
        } catch {}
    }

    function collect(uint8 who) external {
        address payee = people[who % PEOPLE];
        uint256 owed = stake.owed(payee);
        vm.prank(payee);
        if (stake.collect(payee) != owed) broken = "collected something else";
        stake.burn();
    }

    function pause(uint8 days_) external {
        vm.prank(GUARDIAN);
        try policy.pause(Names.SLASHING, days_ % 4 * 1 days) {} catch {}
    }

    /// @dev Announced and appealed slashes of a position, by counting.
    function openOf(bytes32 machine, address owner) external view returns (uint256 sum) {
        for (uint256 n = 0; n < leaves.length; n++) {
            if (leaves[n].machine != machine || leaves[n].owner != owner) continue;
            IStake.Slash memory slash = stake.slashOf(stake.leafId(leaves[n]));
            if (slash.stage == IStake.Stage.Announced || slash.stage == IStake.Stage.Appealed) sum += slash.amount;
        }
    }

    /// @dev One of the last few leaves: of the older ones most are settled.
    function recent(uint8 which) private view returns (uint256) {
        uint256 few = leaves.length < 6 ? leaves.length : 6;
        return leaves.length - 1 - which % few;
    }

    function put(uint8 machine, uint8 owner, uint256 amount) private {
        (bytes32 id, address who) = (bytes32(uint256(machine % MACHINES)), people[owner % PEOPLE]);
        token.mint(address(this), amount);
        token.approve(address(stake), amount);
        stake.deposit(id, who, amount);
        deposited[id][who] += amount;
    }

    function leafOf(uint8 kind, uint32 amount, uint32 paid, uint256 index) private view returns (IStake.Leaf memory) {
        return IStake.Leaf({
            epoch: rewards.finalEpoch() + 1,
            index: index,
            machine: bytes32(uint256(kind % MACHINES)),
            owner: people[kind / 2 % PEOPLE],
            amount: amount,
            victim: kind % 5 == 0 ? address(0) : people[kind / 6 % PEOPLE],
            lease: bytes32(uint256(kind / 18 % LEASES)),
            paid: paid,
            evidence: bytes32(leaves.length) // no two roots share a leaf
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
        bytes32 id = stake.leafId(leaf);
        uint256 cap = stake.totalStaked() * stake.ROOT_CAP_PPM() / 1e6;
        try stake.announce(leaf, proof) {
            if (policy.paused(Names.SLASHING)) broken = "K9: announced in a pause";
            if (!isFinal[id]) broken = "K4: of no final root";
            if (announcedAt[id] != 0) broken = "K4: announced twice";
            announcedAt[id] = vm.getBlockTimestamp();
            if (capOf[leaf.epoch] == 0) capOf[leaf.epoch] = cap;
            announcedOf[leaf.epoch] += stake.slashOf(id).amount;
            if (announcedOf[leaf.epoch] > capOf[leaf.epoch]) broken = "K5: above the root's cap";
        } catch {}
    }

    function note(IStake.Leaf memory leaf, uint256 amount) private {
        slashed[leaf.machine][leaf.owner] += amount;
        executedTimes++;
    }
}
