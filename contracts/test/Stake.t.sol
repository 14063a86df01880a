// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {IStake} from "../src/interfaces/IStake.sol";
import {Names} from "../src/Names.sol";
import {Stake} from "../src/Stake.sol";
import {Token} from "../src/Token.sol";
import {BlacklistToken} from "./hostile/BlacklistToken.sol";
import {FeeToken} from "./hostile/FeeToken.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {ReentrantToken} from "./hostile/ReentrantToken.sol";
import {SilentToken} from "./hostile/SilentToken.sol";
import {StakeFixture} from "./StakeFixture.sol";

/// @dev Deposits, unstaking, and the life of a slash. The numbers are those of INVARIANTS.md.
contract StakeTest is StakeFixture {
    bytes32[] private none;

    function setUp() public {
        setUpStake();
    }

    function testFuzz_k10_whoeverDepositsItIsTheOwners(address anybody, uint128 amount) public {
        vm.assume(anybody != address(0) && anybody != address(stake));
        token.mint(anybody, amount);
        vm.startPrank(anybody);
        token.approve(address(stake), amount);
        stake.deposit(MACHINE, OWNER, amount);
        vm.stopPrank();
        assertEq(stake.positionOf(MACHINE, OWNER).staked, amount, "staked");
        if (anybody == OWNER || amount == 0) return;
        vm.prank(anybody);
        vm.expectRevert(abi.encodeWithSelector(IStake.NotStaked.selector, amount, 0));
        stake.unstake(MACHINE, amount);
    }

    function test_aStakeHasAnOwner() public {
        vm.expectRevert(IStake.NoOwner.selector);
        stake.deposit(MACHINE, address(0), 0);
    }

    function testFuzz_k3_unstakingWaitsForTheCooldown(uint128 amount, uint128 part, uint64 early) public {
        put(MACHINE, OWNER, amount);
        part = uint128(bound(part, 0, amount));
        early = uint64(bound(early, 0, COOLDOWN - 1));
        vm.startPrank(OWNER);
        stake.unstake(MACHINE, part);
        vm.warp(START + early);
        vm.expectRevert(abi.encodeWithSelector(IStake.StillUnstaking.selector, START + COOLDOWN, START + early));
        stake.withdraw(MACHINE, OWNER);
        vm.warp(START + COOLDOWN);
        assertEq(stake.withdraw(MACHINE, OWNER), part, "withdrawn");
        vm.stopPrank();
        assertEq(token.balanceOf(OWNER), part, "received");
        assertEq(stake.totalStaked(), amount - part, "left");
    }

    function test_k3_unstakingMoreStartsTheCooldownAnew() public {
        put(MACHINE, OWNER, 100);
        vm.startPrank(OWNER);
        stake.unstake(MACHINE, 60);
        vm.warp(START + COOLDOWN - 1);
        stake.unstake(MACHINE, 40);
        vm.warp(START + COOLDOWN);
        vm.expectRevert(
            abi.encodeWithSelector(IStake.StillUnstaking.selector, START + 2 * COOLDOWN - 1, START + COOLDOWN)
        );
        stake.withdraw(MACHINE, OWNER);
        stake.cancelUnstake(MACHINE);
        vm.warp(START + 2 * COOLDOWN);
        assertEq(stake.withdraw(MACHINE, OWNER), 0, "taken back");
        stake.unstake(MACHINE, 100); // all of it is free again
        vm.stopPrank();
    }

    function test_k2_noMoreIsUnstakedThanIsStakedAndItIsWithdrawnOnce() public {
        put(MACHINE, OWNER, 100);
        vm.startPrank(OWNER);
        stake.unstake(MACHINE, 60);
        vm.expectRevert(abi.encodeWithSelector(IStake.NotStaked.selector, 41, 40));
        stake.unstake(MACHINE, 41);
        vm.warp(START + COOLDOWN);
        assertEq(stake.withdraw(MACHINE, OWNER), 60, "withdrawn");
        assertEq(stake.withdraw(MACHINE, OWNER), 0, "once");
        vm.stopPrank();
        assertEq(stake.held(), 40, "K1");
    }

    function test_k2_severalRootsFreezeNoMoreThanIsStaked() public {
        put(MACHINE, OWNER, 1_000);
        put("another", OWNER, 1_000_000);
        announced(leafOf(900, 0)); // half of the machine's stake is a root's cap
        announced(leafOf(400, 0));
        IStake.Leaf memory leaf = leafOf(900, 0);
        bytes32 id = announced(leaf);
        assertEq(stake.slashOf(id).amount, 100, "what was left");
        leaf = leafOf(900, 0);
        makeFinal(stake.leafId(leaf));
        vm.expectRevert(abi.encodeWithSelector(IStake.NothingToSlash.selector, MACHINE, OWNER));
        stake.announce(leaf, none);
    }

    function testFuzz_k3_whatIsUnstakingIsSlashed(uint128 unstaking, uint128 slashed) public {
        put(MACHINE, OWNER, 1_000);
        put("another", OWNER, 9_000);
        unstaking = uint128(bound(unstaking, 0, 1_000));
        slashed = uint128(bound(slashed, 1, 500));
        vm.prank(OWNER);
        stake.unstake(MACHINE, unstaking);
        IStake.Leaf memory leaf = leafOf(slashed, 0);
        announced(leaf);
        skip(APPEAL);
        stake.execute(leaf);
        IStake.Position memory position = stake.positionOf(MACHINE, OWNER);
        assertEq(position.staked, 1_000 - slashed, "staked");
        assertEq(position.unstaking, unstaking < 1_000 - slashed ? unstaking : 1_000 - slashed, "what stays goes first");
        assertEq(position.frozen, 0, "frozen");
    }

    function test_k7_onlyTheAnnouncedAmountFreezes() public {
        put(MACHINE, OWNER, 1_000);
        vm.startPrank(OWNER);
        stake.unstake(MACHINE, 1_000);
        vm.warp(START + COOLDOWN);
        vm.stopPrank();
        IStake.Leaf memory leaf = leafOf(150, 0);
        bytes32 id = announced(leaf);
        vm.prank(OWNER);
        assertEq(stake.withdraw(MACHINE, OWNER), 850, "the rest is free");
        vm.prank(OWNER);
        assertEq(stake.withdraw(MACHINE, OWNER), 0, "the announced amount is not");
        appealed(id, OWNER);
        vm.prank(ARBITER);
        stake.decide(leaf, false);
        vm.prank(OWNER);
        assertEq(stake.withdraw(MACHINE, OWNER), 150, "void: free at once");
    }

    function testFuzz_k8_theVictimGetsWhatHePaidAndTheRestBurns(uint128 amount, uint128 paid) public {
        put(MACHINE, OWNER, 10_000);
        amount = uint128(bound(amount, 1, 2_000)); // a fifth of all stake is the root's cap
        IStake.Leaf memory leaf = leafOf(amount, paid);
        announced(leaf);
        skip(APPEAL);
        stake.execute(leaf);
        uint256 toVictim = amount < paid ? amount : paid;
        assertEq(stake.owed(VICTIM), toVictim, "victim");
        assertEq(stake.burn(), amount - toVictim, "burnt");
        vm.prank(VICTIM);
        assertEq(stake.collect(VICTIM), toVictim, "collected");
        assertEq(token.balanceOf(address(stake)), 10_000 - amount, "K1");
        assertEq(stake.held(), 10_000 - amount, "K1");
    }

    function test_k8_twoSlashesForOneLeasePayTheVictimOnce() public {
        put(MACHINE, OWNER, 10_000);
        for (uint256 n = 0; n < 2; n++) {
            IStake.Leaf memory leaf = leafOf(300, 400);
            announced(leaf);
            skip(APPEAL);
            stake.execute(leaf);
        }
        assertEq(stake.owed(VICTIM), 400, "what he paid");
        assertEq(stake.unburnt(), 200, "the rest");
    }

    function test_k8_aVictimWhoHasMoreThanALeafSaysHePaidGetsNoMore() public {
        put(MACHINE, OWNER, 10_000);
        IStake.Leaf memory first = leafOf(300, 300);
        announced(first);
        skip(APPEAL);
        stake.execute(first);
        IStake.Leaf memory second = leafOf(300, 200);
        announced(second);
        skip(APPEAL);
        stake.execute(second);
        assertEq(stake.owed(VICTIM), 300, "what he paid");
        assertEq(stake.unburnt(), 300, "the rest");
    }

    function testFuzz_k5_aRootTakesAtMostItsCaps(uint128 first, uint128 second, uint128 others) public {
        others = uint128(bound(others, 0, 1e30));
        put(MACHINE, OWNER, 1_000);
        put("another", OWNER, others);
        IStake.Leaf[] memory leaves = new IStake.Leaf[](2);
        leaves[0] = leafOf(uint128(bound(first, 1, type(uint128).max)), 0);
        leaves[1] = leafOf(uint128(bound(second, 1, type(uint128).max)), 0);
        leaves[1].index = 1;
        finaliseTwo(leaves);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = stake.leafId(leaves[1]);
        stake.announce(leaves[0], proof);
        proof[0] = stake.leafId(leaves[0]);
        try stake.announce(leaves[1], proof) {} catch {}
        uint256 frozen = stake.positionOf(MACHINE, OWNER).frozen;
        assertLe(frozen, 1_000 * MACHINE_CAP_PPM / 1e6, "of the machine");
        assertLe(frozen, (1_000 + uint256(others)) * ROOT_CAP_PPM / 1e6, "of all stake");
    }

    function test_k5_aCapIsFixedByTheFirstAnnouncement() public {
        put(MACHINE, OWNER, 1_000);
        put("another", OWNER, 9_000);
        IStake.Leaf[] memory leaves = new IStake.Leaf[](2);
        (leaves[0], leaves[1]) = (leafOf(400, 0), leafOf(400, 0));
        leaves[1].index = 1;
        finaliseTwo(leaves);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = stake.leafId(leaves[1]);
        stake.announce(leaves[0], proof);
        put(MACHINE, OWNER, 1_000_000); // more stake does not widen it
        proof[0] = stake.leafId(leaves[0]);
        stake.announce(leaves[1], proof);
        assertEq(stake.slashOf(stake.leafId(leaves[1])).amount, 100, "what the machine's cap left");
    }

    function test_k6_executionWaitsForAppeals() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 0);
        bytes32 id = announced(leaf);
        uint256 deadline = vm.getBlockTimestamp() + APPEAL;
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IStake.TooEarly.selector, deadline, deadline - 1));
        stake.execute(leaf);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IStake.TooLate.selector, deadline, deadline));
        stake.appeal(id);
        stake.execute(leaf);
        vm.expectRevert(abi.encodeWithSelector(IStake.WrongStage.selector, id, IStake.Stage.Executed));
        stake.execute(leaf);
        vm.expectRevert(abi.encodeWithSelector(IStake.WrongStage.selector, id, IStake.Stage.Executed));
        stake.announce(leaf, none);
    }

    function test_k6_theArbitersSilenceVoids() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 0);
        bytes32 id = announced(leaf);
        appealed(id, STRANGER);
        uint256 deadline = vm.getBlockTimestamp() + DECIDE;
        vm.expectRevert(abi.encodeWithSelector(IStake.TooEarly.selector, deadline, deadline - DECIDE));
        stake.voidSlash(leaf);
        vm.warp(deadline);
        vm.prank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IStake.TooLate.selector, deadline, deadline));
        stake.decide(leaf, true);
        stake.voidSlash(leaf);
        assertEq(stageOf(id), uint256(IStake.Stage.Void), "void");
        assertEq(stake.owed(STRANGER), APPEAL_BOND, "the bond goes back");
        assertEq(stake.positionOf(MACHINE, OWNER).frozen, 0, "nothing is frozen");
    }

    function test_k6_theArbiterDecides() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        bytes32 id = announced(leaf);
        vm.prank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IStake.WrongStage.selector, id, IStake.Stage.Announced));
        stake.decide(leaf, true); // not before an appeal
        appealed(id, OWNER);
        vm.expectRevert(abi.encodeWithSelector(IStake.NotArbiter.selector, address(this)));
        stake.decide(leaf, false);
        vm.prank(ARBITER);
        stake.decide(leaf, true);
        assertEq(stake.owed(VICTIM), 30, "victim");
        assertEq(stake.unburnt(), 70 + APPEAL_BOND, "the rest and the bond");
        assertEq(stake.owed(OWNER), 0, "lost");
    }

    function test_k6_aSlashIsAppealedOnce() public {
        put(MACHINE, OWNER, 1_000);
        bytes32 id = announced(leafOf(100, 0));
        uint64 deadline = uint64(vm.getBlockTimestamp()) + DECIDE;
        appealed(id, OWNER);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IStake.WrongStage.selector, id, IStake.Stage.Appealed));
        stake.appeal(id);
        assertTrue(stake.slashOf(id).appellant == OWNER, "appellant");
        assertEq(stake.slashOf(id).deadline, deadline, "deadline");
    }

    function testFuzz_k6_anAppealsBondIsThatOfItsInstant(bool stands, uint256 later) public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 0);
        appealed(announced(leaf), OWNER);
        vm.prank(GOVERNOR);
        policy.announce(IPolicy.Kind.Parameter, Names.APPEAL_BOND, bytes32(bound(later, 1, 1_000)));
        skip(DELAY);
        policy.execute(IPolicy.Kind.Parameter, Names.APPEAL_BOND);
        vm.prank(ARBITER);
        stake.decide(leaf, stands);
        assertEq(stands ? stake.unburnt() - 100 : stake.owed(OWNER), APPEAL_BOND, "bond");
    }

    function testFuzz_k4_everyFieldStandsInTheRoot(uint8 field, uint128 other) public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        makeFinal(stake.leafId(leaf));
        vm.assume(other > 1_000);
        field = uint8(bound(field, 0, 7));
        if (field == 0) leaf.index = other;
        if (field == 1) leaf.machine = bytes32(uint256(other));
        if (field == 2) leaf.owner = address(uint160(other));
        if (field == 3) leaf.amount = other;
        if (field == 4) leaf.victim = address(uint160(other));
        if (field == 5) leaf.lease = bytes32(uint256(other));
        if (field == 6) leaf.paid = other;
        if (field == 7) leaf.evidence = bytes32(uint256(other));
        vm.expectRevert(IStake.InvalidProof.selector);
        stake.announce(leaf, none);
    }

    function test_k4_anotherContractsLeafIsNone() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        makeFinal(newStake(token).leafId(leaf));
        vm.expectRevert(IStake.InvalidProof.selector);
        stake.announce(leaf, none);
    }

    function test_k4_anotherChainsLeafIsNone() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        makeFinal(stake.leafId(leaf));
        vm.chainId(block.chainid + 1);
        vm.expectRevert(IStake.InvalidProof.selector);
        stake.announce(leaf, none);
    }

    function test_k4_theOldestOfTheLastEpochsIsOpen() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        makeFinal(stake.leafId(leaf));
        for (uint256 n = 1; n < EPOCHS_OPEN; n++) makeFinal(0);
        stake.announce(leaf, none);
        assertEq(stageOf(stake.leafId(leaf)), uint256(IStake.Stage.Announced), "announced");
    }

    function test_k4_anEpochWithoutSlashesHasNoLeaf() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        makeFinal(0);
        vm.expectRevert(IStake.InvalidProof.selector);
        stake.announce(leaf, none);
        leaf.epoch = 2;
        vm.expectRevert(abi.encodeWithSelector(IStake.RootNotOpen.selector, 2, 1));
        stake.announce(leaf, none);
    }

    function test_k4_aRootThatIsNotFinalHasNoLeaf() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        bytes memory notOpen = abi.encodeWithSelector(IStake.RootNotOpen.selector, 1, 0);
        IRewards.Roots memory roots = posted(stake.leafId(leaf));
        vm.expectRevert(notOpen);
        stake.announce(leaf, none); // it waits for disputes
        disputed(STRANGER);
        vm.expectRevert(notOpen);
        stake.announce(leaf, none); // and for the arbiter
        vm.prank(ARBITER);
        rewards.decide(roots, false);
        vm.expectRevert(notOpen);
        stake.announce(leaf, none); // who rejects it
        makeFinal(0);
        vm.expectRevert(IStake.InvalidProof.selector);
        stake.announce(leaf, none); // another takes its place
    }

    function test_k4_aRootThatTheArbiterUpheldIsOpen() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        IRewards.Roots memory roots = posted(stake.leafId(leaf));
        disputed(OWNER);
        vm.prank(ARBITER);
        rewards.decide(roots, true);
        stake.announce(leaf, none);
        assertEq(stageOf(stake.leafId(leaf)), uint256(IStake.Stage.Announced), "announced");
    }

    function test_k4_aLeafLapses() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        makeFinal(stake.leafId(leaf));
        for (uint256 n = 0; n < EPOCHS_OPEN; n++) makeFinal(0);
        vm.expectRevert(abi.encodeWithSelector(IStake.RootNotOpen.selector, 1, 1 + EPOCHS_OPEN));
        stake.announce(leaf, none);
    }

    function test_k2_thereIsNothingToSlashWhereNothingIsStaked() public {
        IStake.Leaf memory leaf = leafOf(100, 30);
        makeFinal(stake.leafId(leaf));
        vm.expectRevert(abi.encodeWithSelector(IStake.NothingToSlash.selector, MACHINE, OWNER));
        stake.announce(leaf, none);
    }

    function test_k9_aPauseStopsSlashingAndNothingElse() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory other = leafOf(100, 30);
        makeFinal(stake.leafId(other));
        IStake.Leaf memory leaf = leafOf(100, 30);
        bytes32 id = announced(leaf);
        vm.prank(OWNER);
        stake.unstake(MACHINE, 500);
        vm.prank(GUARDIAN);
        policy.pause(Names.SLASHING, PAUSE_MAX);
        appealed(id, OWNER);
        vm.prank(ARBITER);
        stake.decide(leaf, false);
        vm.prank(OWNER);
        assertEq(stake.collect(OWNER), APPEAL_BOND, "collects");
        vm.expectRevert(IStake.SlashingPaused.selector);
        stake.announce(other, none);
        vm.expectRevert(IStake.SlashingPaused.selector);
        stake.execute(other);
        skip(PAUSE_MAX);
        stake.announce(other, none); // it ends by itself
        skip(COOLDOWN - PAUSE_MAX);
        vm.prank(OWNER);
        assertEq(stake.withdraw(MACHINE, OWNER), 500, "withdraws");
    }

    function test_whatAnOwnerDoesIsTold() public {
        token.mint(address(this), 100);
        token.approve(address(stake), 100);
        vm.expectEmit();
        emit IStake.Staked(MACHINE, OWNER, address(this), 100);
        stake.deposit(MACHINE, OWNER, 100);
        vm.startPrank(OWNER);
        vm.expectEmit();
        emit IStake.Unstaking(MACHINE, OWNER, 30, uint64(START) + COOLDOWN);
        stake.unstake(MACHINE, 30);
        vm.expectEmit();
        emit IStake.Unstaking(MACHINE, OWNER, 0, 0);
        stake.cancelUnstake(MACHINE);
        stake.unstake(MACHINE, 40);
        vm.warp(START + COOLDOWN);
        vm.expectEmit();
        emit IStake.Unstaked(MACHINE, OWNER, STRANGER, 40);
        stake.withdraw(MACHINE, STRANGER);
        vm.stopPrank();
    }

    function test_theLifeOfASlashIsTold() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 30);
        bytes32 id = stake.leafId(leaf);
        makeFinal(id);
        uint64 now_ = uint64(vm.getBlockTimestamp());
        vm.expectEmit();
        emit IStake.Announced(id, MACHINE, OWNER, 100, now_ + APPEAL);
        stake.announce(leaf, none);
        token.mint(OWNER, APPEAL_BOND);
        vm.startPrank(OWNER);
        token.approve(address(stake), APPEAL_BOND);
        vm.expectEmit();
        emit IStake.Appealed(id, OWNER, uint128(APPEAL_BOND), now_ + DECIDE);
        stake.appeal(id);
        vm.stopPrank();
        vm.expectEmit();
        emit IStake.Executed(id, VICTIM, 30, 70);
        vm.prank(ARBITER);
        stake.decide(leaf, true);
        vm.expectEmit();
        emit IStake.Collected(VICTIM, STRANGER, 30);
        vm.prank(VICTIM);
        stake.collect(STRANGER);
        vm.expectEmit();
        emit IStake.Burnt(70 + APPEAL_BOND);
        stake.burn();
        leaf = leafOf(100, 30);
        id = announced(leaf);
        appealed(id, OWNER);
        vm.expectEmit();
        emit IStake.Voided(id);
        vm.prank(ARBITER);
        stake.decide(leaf, false);
    }

    function test_k1_aTokenThatTakesAFeeIsRefused() public {
        FeeToken taxed = new FeeToken();
        Stake other = newStake(taxed);
        taxed.mint(address(this), 1_000);
        taxed.approve(address(other), 1_000);
        vm.expectRevert(abi.encodeWithSelector(IStake.NotReceived.selector, 1_000, 990));
        other.deposit(MACHINE, OWNER, 1_000);
    }

    function test_k1_noMoreIsHeldThanItsSumsCanHold() public {
        uint128 most = type(uint128).max;
        put(MACHINE, OWNER, most - APPEAL_BOND - 1);
        IStake.Leaf memory leaf = leafOf(100, 0);
        bytes32 id = announced(leaf);
        put("another", OWNER, 1);
        token.mint(address(this), 100);
        token.approve(address(stake), 100);
        uint256 held = stake.held();
        vm.expectRevert(abi.encodeWithSelector(IStake.TooMuchHeld.selector, held, APPEAL_BOND + 1));
        stake.deposit("another", OWNER, APPEAL_BOND + 1);
        stake.deposit("another", OWNER, 1);
        vm.expectRevert(abi.encodeWithSelector(IStake.TooMuchHeld.selector, held + 1, APPEAL_BOND));
        stake.appeal(id);
    }

    function test_k1_aBondThatJustFitsIsHeld() public {
        put(MACHINE, OWNER, type(uint128).max - APPEAL_BOND);
        bytes32 id = announced(leafOf(100, 0));
        appealed(id, OWNER);
        assertEq(stake.held(), type(uint128).max, "held");
    }

    function test_aStakeNeedsAnArbiterABondAndCapsWithinTheWhole() public {
        Stake.Timing memory timing = Stake.Timing(COOLDOWN, APPEAL, DECIDE, EPOCHS_OPEN);
        vm.expectRevert(abi.encodeWithSelector(IStake.CapAboveWhole.selector, 1_000_001));
        deploy("Stake", abi.encode(token, policy, rewards, 1_000_001, 1_000_000, timing));
        vm.expectRevert(abi.encodeWithSelector(IStake.CapAboveWhole.selector, 1_000_001));
        deploy("Stake", abi.encode(token, policy, rewards, 1_000_000, 1_000_001, timing));
        deploy("Stake", abi.encode(token, policy, rewards, 1_000_000, 1_000_000, timing));
        IPolicy.RoleParameters[] memory roles = new IPolicy.RoleParameters[](1);
        roles[0] = IPolicy.RoleParameters(Names.GOVERNOR, GOVERNOR);
        IPolicy.ParameterParameters[] memory numbers = new IPolicy.ParameterParameters[](0);
        address bare = deploy("Policy", abi.encode(HASH, roles, numbers, IPolicy.Timing(1, 1, 1, 1)));
        vm.expectRevert(abi.encodeWithSelector(IPolicy.UnknownName.selector, Names.ARBITER));
        deploy("Stake", abi.encode(token, bare, rewards, 1, 1, timing));
        roles[0] = IPolicy.RoleParameters(Names.ARBITER, ARBITER);
        bare = deploy("Policy", abi.encode(HASH, roles, numbers, IPolicy.Timing(1, 1, 1, 1)));
        vm.expectRevert(abi.encodeWithSelector(IPolicy.UnknownName.selector, Names.APPEAL_BOND));
        deploy("Stake", abi.encode(token, bare, rewards, 1, 1, timing));
    }

    function test_k1_whatCannotBeBurntGoesWhereNobodyIs() public {
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 0);
        announced(leaf);
        skip(APPEAL);
        stake.execute(leaf);
        assertEq(stake.burn(), 100, "burnt");
        assertEq(token.balanceOf(stake.BURN_ADDRESS()), 100, "this token knows no burn");
        assertEq(stake.burn(), 0, "once");
    }

    function test_k1_aTokenThatOnlyAnswersIsNotTakenForBurnt() public {
        SilentToken silent = new SilentToken();
        slashOneHundredOf(silent);
        assertEq(stake.burn(), 100, "burnt");
        assertEq(silent.balanceOf(stake.BURN_ADDRESS()), 100, "where nobody is");
        assertEq(silent.balanceOf(address(stake)), stake.held(), "K1");
    }

    function test_k8_whatCanBeBurntIs() public {
        Token own = Token(deploy("Token", abi.encode("Coop", "COOP", 18, address(this), 1e30)));
        slashOneHundredOf(FreeToken(address(own))); // whoever emits it mints as freely
        assertEq(stake.burn(), 100, "burnt");
        assertEq(own.totalSupply(), 900, "supply");
        assertEq(own.balanceOf(stake.BURN_ADDRESS()), 0, "nowhere else");
    }

    function test_k6_aBlockedVictimStopsNoSlash() public {
        BlacklistToken usd = new BlacklistToken();
        stake = newStake(usd);
        usd.mint(address(this), 1_000);
        usd.approve(address(stake), 1_000);
        stake.deposit(MACHINE, OWNER, 1_000);
        usd.setBlocked(VICTIM, true);
        usd.setBlocked(stake.BURN_ADDRESS(), true);
        IStake.Leaf memory leaf = leafOf(100, 40);
        announced(leaf);
        skip(APPEAL);
        stake.execute(leaf);
        vm.prank(VICTIM);
        assertEq(stake.collect(address(0x99)), 40, "elsewhere");
        vm.expectRevert();
        stake.burn(); // it stays, and nobody has it
        assertEq(stake.unburnt(), 60, "unburnt");
    }

    function test_k1_aTokenThatCallsBackFindsTheDoorsShut() public {
        ReentrantToken hooked = new ReentrantToken();
        stake = newStake(hooked);
        hooked.mint(address(this), 1_000);
        hooked.approve(address(stake), 1_000);
        stake.deposit(MACHINE, address(hooked), 500);
        hooked.arm(address(stake), abi.encodeCall(IStake.withdraw, (MACHINE, address(hooked))));
        stake.deposit(MACHINE, address(hooked), 500);
        assertTrue(hooked.called() && !hooked.succeeded(), "refused in the middle");
        assertEq(hooked.balanceOf(address(stake)), stake.held(), "K1");
    }

    function test_k1_nothingElseLetsATokenInThatCallsBack() public {
        ReentrantToken hooked = new ReentrantToken();
        slashOneHundredOf(hooked);
        bytes memory withdraw = abi.encodeCall(IStake.withdraw, (MACHINE, address(hooked)));
        hooked.arm(address(stake), withdraw);
        stake.burn();
        assertTrue(hooked.called() && !hooked.succeeded(), "while it is burnt");
        bytes32 id = announced(leafOf(100, 100));
        hooked.mint(address(this), APPEAL_BOND);
        hooked.approve(address(stake), APPEAL_BOND);
        hooked.arm(address(stake), withdraw);
        stake.appeal(id);
        assertTrue(hooked.called() && !hooked.succeeded(), "while a bond is taken");
        hooked.arm(address(stake), withdraw);
        stake.collect(VICTIM);
        assertTrue(hooked.called() && !hooked.succeeded(), "while somebody collects");
    }

    /// @dev A Stake of another token, of whose 1,000 staked 100 are slashed.
    function slashOneHundredOf(FreeToken of_) private {
        token = of_;
        stake = newStake(of_);
        put(MACHINE, OWNER, 1_000);
        IStake.Leaf memory leaf = leafOf(100, 0);
        announced(leaf);
        skip(APPEAL);
        stake.execute(leaf);
    }

    function finaliseTwo(IStake.Leaf[] memory leaves) private {
        (bytes32 a, bytes32 b) = (stake.leafId(leaves[0]), stake.leafId(leaves[1]));
        makeFinal(Hashes.commutativeKeccak256(a, b));
    }
}
