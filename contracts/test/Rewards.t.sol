// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "../src/Emission.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {PolicyMath} from "../src/PolicyMath.sol";
import {Rewards} from "../src/Rewards.sol";
import {Token} from "../src/Token.sol";
import {BlacklistToken} from "./hostile/BlacklistToken.sol";
import {FeeToken} from "./hostile/FeeToken.sol";
import {ReentrantToken} from "./hostile/ReentrantToken.sol";
import {RewardsFixture} from "./RewardsFixture.sol";
import {SmallTree} from "./SmallTree.sol";
import {Test} from "./Vm.sol";

contract RewardsTest is Test, RewardsFixture {
    uint256 internal constant POSTER_BOND = 1_000;
    uint256 internal constant DISPUTE_BOND = 500;
    address internal constant ANNA = address(0xA1);
    address internal constant BEN = address(0xB1);
    address internal constant DISPUTER = address(0xD1);
    BlacklistToken internal dollars;
    Rewards internal rewards;
    Emission internal emission;
    Policy internal policy;
    Token internal token;
    uint256 internal start;

    function setUp() public {
        vm.warp(1_000_000);
        start = 1_000_000;
        dollars = new BlacklistToken();
        (rewards, emission, policy) = newRewards(dollars);
        token = rewards.TOKEN();
        address[4] memory payers = [POSTER, DISPUTER, STRANGER, ANNA];
        for (uint256 n = 0; n < 4; n++) {
            dollars.mint(payers[n], 1_000_000);
            vm.prank(payers[n]);
            dollars.approve(address(rewards), type(uint256).max);
        }
    }

    /// R1, R6
    function testFuzz_aGrantIsClaimedVestsAndIsTaken(uint128 anna, uint128 ben, uint64 waited, uint128 part) public {
        anna = uint128(bound(anna, 1, 400_000_000e18));
        ben = uint128(bound(ben, 0, 30_000_000e18));
        makeFinal(rootsOf(leaves(anna, ben), anna, ben));
        assertEq(token.balanceOf(address(rewards)), uint256(anna) + ben, "released");

        rewards.claim(ANNA, anna, SmallTree.proof(leaves(anna, ben), 0));
        uint64 since = uint64(block.timestamp);
        assertEq(rewards.positionOf(ANNA, since), anna, "position");
        vm.warp(since + bound(waited, 0, 365 days));
        part = uint128(bound(part, 0, anna));
        uint256 paid = rewards.vested(since, part);
        vm.prank(ANNA);
        rewards.take(since, part, BEN);
        assertEq(token.balanceOf(BEN), paid, "paid");
        assertEq(token.totalSupply(), uint256(anna) + ben - (part - paid), "the rest is burnt");
        assertEq(rewards.positionOf(ANNA, since), anna - part, "what stays vests on");
    }

    /// R6
    function test_aQuarterAfterThirtyDaysAndAllAfterHundredAndEighty() public {
        makeFinal(rootsOf(leaves(1_000, 0), 1_000, 0));
        rewards.claim(ANNA, 1_000, SmallTree.proof(leaves(1_000, 0), 0));
        uint64 since = uint64(block.timestamp);
        uint256[5] memory waited = [uint256(30 days - 1), 30 days, 105 days, 180 days - 1, 180 days];
        uint256[5] memory expected = [uint256(0), 250, 625, 999, 1_000];
        for (uint256 n = 0; n < 5; n++) {
            vm.warp(since + waited[n]);
            assertEq(rewards.vested(since, 1_000), expected[n], "vested");
        }
    }

    /// R5
    function testFuzz_aProofClaimsNothingTwiceAndOnlyForItsAccount(uint128 anna, uint128 ben, address other) public {
        anna = uint128(bound(anna, 1, 400_000_000e18));
        ben = uint128(bound(ben, 1, 30_000_000e18));
        vm.assume(other != ANNA);
        makeFinal(rootsOf(leaves(anna, ben), anna, ben));
        bytes32[] memory proof = SmallTree.proof(leaves(anna, ben), 0);
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidProof.selector));
        rewards.claim(other, anna, proof);
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidProof.selector));
        rewards.claim(ANNA, uint256(anna) + 1, proof);
        rewards.claim(ANNA, anna, proof);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingToClaim.selector, anna, anna));
        rewards.claim(ANNA, anna, proof);
    }

    /// R5: claims stand on the last final root alone, and are cumulative.
    function testFuzz_aLaterRootGivesTheDifference(uint128 first, uint128 more) public {
        first = uint128(bound(first, 1, 100_000_000e18));
        more = uint128(bound(more, 1, 100_000_000e18));
        makeFinal(rootsOf(leaves(first, 0), first, 0));
        bytes32[] memory old = SmallTree.proof(leaves(first, 0), 0);
        rewards.claim(ANNA, first, old);
        makeFinal(rootsOf(leaves(first + more, 0), more, 0));
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidProof.selector));
        rewards.claim(ANNA, first, old);
        rewards.claim(ANNA, first + more, SmallTree.proof(leaves(first + more, 0), 0));
        assertEq(rewards.positionOf(ANNA, uint64(block.timestamp)), more, "difference");
    }

    /// R5
    function test_aLeafOfAnotherContractOrChainIsWorthNothing() public {
        (Rewards other,,) = newRewards(dollars);
        address[] memory accounts = new address[](1);
        uint256[] memory cumulative = new uint256[](1);
        (accounts[0], cumulative[0]) = (ANNA, 7);
        makeFinal(rootsOf(treeOf(other, accounts, cumulative), 7, 0));
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidProof.selector));
        rewards.claim(ANNA, 7, new bytes32[](0));
        makeFinal(rootsOf(treeOf(rewards, accounts, cumulative), 7, 0));
        vm.chainId(block.chainid + 1);
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidProof.selector));
        rewards.claim(ANNA, 7, new bytes32[](0));
    }

    /// R1: a root whose leaves exceed its grants, and which nobody disputed, takes nothing from anybody else's grant twice.
    function testFuzz_claimsEndWithWhatWasGranted(uint128 granted, uint128 beyond) public {
        granted = uint128(bound(granted, 0, 400_000_000e18));
        beyond = uint128(bound(beyond, 1, type(uint128).max - granted));
        makeFinal(rootsOf(leaves(granted + beyond, 1), granted, 0));
        bytes32[] memory proof = SmallTree.proof(leaves(granted + beyond, 1), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IRewards.MoreThanGranted.selector, uint256(granted) + beyond, granted)
        );
        rewards.claim(ANNA, granted + beyond, proof);
    }

    /// R1: the worst of a false root that nobody disputed is all that is not claimed yet, also of former epochs; what was claimed stays.
    function testFuzz_aFalseRootTakesWhatIsUnclaimedAndNothingElse(uint128 anna, uint128 ben, bool benClaims) public {
        anna = uint128(bound(anna, 1, 200_000_000e18));
        ben = uint128(bound(ben, 1, 200_000_000e18));
        makeFinal(rootsOf(leaves(anna, ben), anna + ben, 0));
        if (benClaims) rewards.claim(BEN, ben, SmallTree.proof(leaves(anna, ben), 1));
        makeFinal(rootsOf(leaves(anna + ben, 0), 0, 0)); // false: it grants nothing, and gives to one what was both's
        bytes32[] memory proof = SmallTree.proof(leaves(anna + ben, 0), 0);
        if (benClaims) {
            vm.expectRevert(
                abi.encodeWithSelector(IRewards.MoreThanGranted.selector, uint256(anna) + 2 * uint256(ben), anna + ben)
            );
            rewards.claim(ANNA, anna + ben, proof);
            return;
        }
        rewards.claim(ANNA, anna + ben, proof);
        makeFinal(rootsOf(leaves(anna, ben), 0, 0));
        proof = SmallTree.proof(leaves(anna, ben), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRewards.MoreThanGranted.selector, uint256(anna) + 2 * uint256(ben), anna + ben)
        );
        rewards.claim(BEN, ben, proof);
    }

    /// R1
    function testFuzz_noMoreThanIsReleasableOrAllowedIsPosted(uint256 grant) public {
        uint256 available = emission.releasable(1);
        grant = bound(grant, available + 1, type(uint256).max);
        expectRefusal(rootsOf(leaves(1, 1), 0, grant), abi.encodeWithSelector(IRewards.NotReleasable.selector, 1, grant, available));
        change(IPolicy.Kind.Parameter, Names.GRANT_MAX, bytes32(uint256(99)));
        expectRefusal(rootsOf(leaves(1, 1), 50, 50), abi.encodeWithSelector(IRewards.GrantTooLarge.selector, 100, 99));
        IRewards.Roots memory roots = rootsOf(leaves(1, 1), 1, 1);
        roots.grants = new uint256[](1);
        expectRefusal(roots, abi.encodeWithSelector(IRewards.WrongNumberOfPools.selector, 1, 2));
    }

    function testFuzz_aPolicyThatWasNeverInForceIsRefused(bytes32 hash) public {
        vm.assume(hash != HASH);
        IRewards.Roots memory roots = rootsOf(leaves(1, 1), 1, 1);
        roots.policyHash = hash;
        expectRefusal(roots, abi.encodeWithSelector(IRewards.PolicyNeverInForce.selector, hash));
    }

    /// R2
    function testFuzz_undisputedItIsFinalAfterTheWindowAndNotBefore(uint64 waited) public {
        IRewards.Roots memory roots = rootsOf(leaves(5, 5), 10, 0);
        vm.prank(POSTER);
        rewards.post(roots);
        uint64 until = uint64(block.timestamp) + 3 days;
        assertEq(uint256(rewards.slashRoot(1)), 0, "not final");
        vm.warp(block.timestamp + bound(waited, 0, 10 days));
        if (block.timestamp <= until) {
            vm.expectRevert(abi.encodeWithSelector(IRewards.TooEarly.selector, until, block.timestamp));
            rewards.settle(roots);
        } else {
            bytes32 id = rewards.idOf(1, roots);
            vm.expectRevert(abi.encodeWithSelector(IRewards.TooLate.selector, until, block.timestamp));
            rewards.dispute(id);
            rewards.settle(roots);
            assertEq(rewards.finalEpoch(), 1, "final");
            assertEq(uint256(rewards.slashRoot(1)), uint256(roots.slashRoot), "slash root");
            assertEq(rewards.bondOwed(POSTER), POSTER_BOND, "bond");
        }
    }

    /// R3
    function test_oneIsPendingAtATime() public {
        IRewards.Roots memory roots = rootsOf(leaves(5, 5), 10, 0);
        vm.startPrank(POSTER);
        rewards.post(roots);
        bytes32 id = rewards.idOf(1, roots);
        vm.expectRevert(abi.encodeWithSelector(IRewards.AlreadyPending.selector, id));
        rewards.post(roots);
    }

    function test_anybodyPostsOnceNothingBecameFinalForLong() public {
        uint64 openFrom = uint64(start + 14 days);
        vm.warp(openFrom - 1);
        IRewards.Roots memory roots = rootsOf(leaves(5, 5), 10, 0);
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotPoster.selector, STRANGER, openFrom));
        rewards.post(roots);
        vm.warp(openFrom);
        rewards.post(roots);
        vm.warp(block.timestamp + 3 days + 1);
        rewards.settle(roots);
        vm.expectRevert(
            abi.encodeWithSelector(IRewards.NotPoster.selector, STRANGER, uint64(block.timestamp) + 14 days)
        );
        rewards.post(roots);
    }

    /// R9: posting stops, and nothing else.
    function test_aPauseStopsPostingAlone() public {
        IRewards.Roots memory first = rootsOf(leaves(5, 5), 10, 0);
        vm.prank(POSTER);
        rewards.post(first);
        vm.prank(GUARDIAN);
        policy.pause(Names.POSTING, PAUSE_MAX);
        vm.warp(block.timestamp + 3 days - 1);
        disputeIt(first);
        vm.prank(ARBITER);
        rewards.decide(first, true);
        rewards.claim(ANNA, 5, SmallTree.proof(leaves(5, 5), 0));
        vm.prank(ANNA);
        rewards.take(uint64(block.timestamp), 1, ANNA);
        rewards.withdrawBond(POSTER);
        expectRefusal(rootsOf(leaves(6, 6), 2, 0), abi.encodeWithSelector(IRewards.PostingPaused.selector));
    }

    /// R2, R8
    function testFuzz_aDisputeEndsAsTheArbiterSaysAndTheLosersBondIsHalved(bool stands, uint64 waited) public {
        IRewards.Roots memory roots = posted();
        disputeIt(roots);
        uint64 until = uint64(block.timestamp) + 7 days;
        vm.warp(block.timestamp + bound(waited, 0, 7 days));
        vm.expectRevert(abi.encodeWithSelector(IRewards.TooEarly.selector, until, block.timestamp));
        rewards.settle(roots);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotArbiter.selector, address(this)));
        rewards.decide(roots, stands);
        vm.prank(ARBITER);
        rewards.decide(roots, stands);
        assertEq(rewards.finalEpoch(), stands ? 1 : 0, "final");
        assertEq(rewards.bondOwed(POSTER), stands ? POSTER_BOND + DISPUTE_BOND / 2 : 0, "poster");
        assertEq(rewards.bondOwed(DISPUTER), stands ? 0 : DISPUTE_BOND + POSTER_BOND / 2, "disputer");
        assertEq(rewards.bondOwed(SINK), stands ? DISPUTE_BOND / 2 : POSTER_BOND / 2, "sink");
    }

    /// R2, R3, R8, R10
    function testFuzz_theArbitersSilenceVoids(uint64 waited) public {
        IRewards.Roots memory roots = posted();
        disputeIt(roots);
        uint64 until = uint64(block.timestamp) + 7 days;
        vm.warp(until + bound(waited, 1, 365 days));
        vm.prank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IRewards.TooLate.selector, until, block.timestamp));
        rewards.decide(roots, true);
        rewards.settle(roots);
        assertEq(rewards.finalEpoch(), 0, "void");
        assertEq(token.totalSupply(), 0, "nothing was released");
        rewards.withdrawBond(POSTER);
        assertEq(dollars.balanceOf(POSTER), 1_000_000 - DISPUTE_BOND, "as much is held of the poster");
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingOwed.selector, DISPUTER));
        rewards.withdrawBond(DISPUTER);
        makeFinal(roots);
        rewards.withdrawBond(POSTER);
        rewards.withdrawBond(DISPUTER);
        assertEq(dollars.balanceOf(POSTER) + dollars.balanceOf(DISPUTER), 2_000_000, "both have theirs back");
    }

    /// R10: the attacker has three bonds, so that the fourth attempt of the poster is final; then the next epoch can be delayed as often.
    function test_whoeverDelaysAnEpochThriceNeedsThreeBonds() public {
        address attacker = address(0xA77);
        dollars.mint(attacker, 3 * DISPUTE_BOND);
        vm.prank(attacker);
        dollars.approve(address(rewards), type(uint256).max);
        IRewards.Roots memory roots = rootsOf(leaves(5, 5), 10, 0);
        for (uint256 epoch = 1; epoch <= 2; epoch++) {
            for (uint256 n = 0; n < 3; n++) silence(roots, attacker);
            (uint256 until, uint256 held) = rewards.bondHeld(attacker);
            assertEq(until, epoch, "until then");
            assertEq(held, 3 * DISPUTE_BOND, "all he has");
            vm.prank(POSTER);
            rewards.post(roots);
            bytes32 id = rewards.idOf(epoch, roots);
            vm.prank(attacker);
            vm.expectRevert();
            rewards.dispute(id);
            vm.warp(block.timestamp + 3 days + 1);
            rewards.settle(roots);
            assertEq(rewards.finalEpoch(), epoch, "final");
            rewards.withdrawBond(attacker);
            assertEq(dollars.balanceOf(attacker), 3 * DISPUTE_BOND, "and he has lost nothing");
        }
        rewards.withdrawBond(POSTER);
        assertEq(dollars.balanceOf(POSTER), 1_000_000, "nor has the poster");
    }

    /// R10: of a disputer whose bond is the larger one, no more is held than of the poster.
    function test_silenceHoldsTheLesserBondOfBoth() public {
        change(IPolicy.Kind.Parameter, Names.POSTER_BOND, bytes32(uint256(200)));
        silence(rootsOf(leaves(5, 5), 10, 0), DISPUTER);
        (, uint256 ofPoster) = rewards.bondHeld(POSTER);
        (, uint256 ofDisputer) = rewards.bondHeld(DISPUTER);
        assertEq(ofPoster, 200, "poster");
        assertEq(ofDisputer, 200, "disputer");
        assertEq(rewards.bondOwed(DISPUTER), DISPUTE_BOND - 200, "the rest is his");
    }

    /// R10: what silence held for an epoch that is final is not held again with the next.
    function test_whatWasHeldForAFinalEpochIsFreeThoughTheNextIsDelayed() public {
        IRewards.Roots memory roots = rootsOf(leaves(5, 5), 10, 0);
        silence(roots, DISPUTER);
        makeFinal(roots);
        silence(roots, DISPUTER);
        (uint256 until, uint256 held) = rewards.bondHeld(DISPUTER);
        assertEq(until, 2, "the second epoch's");
        assertEq(held, DISPUTE_BOND, "alone");
        assertEq(rewards.bondOwed(DISPUTER), DISPUTE_BOND, "that of the first is owed");
    }

    /// R2: the last instant of a window belongs to it.
    function test_theLastInstantIsForDisputeAndDecisionAndNotForSettling() public {
        IRewards.Roots memory roots = posted();
        vm.prank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotDisputed.selector));
        rewards.decide(roots, true);
        uint64 until = rewards.pending().disputableUntil;
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IRewards.TooEarly.selector, until, until));
        rewards.settle(roots);
        disputeIt(roots);
        until = rewards.pending().decidableUntil;
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IRewards.TooEarly.selector, until, until));
        rewards.settle(roots);
        vm.prank(ARBITER);
        rewards.decide(roots, true);
        assertEq(rewards.finalEpoch(), 1, "final");
    }

    /// R1: all that is releasable and all that is allowed may be granted, to the unit.
    function test_allThatIsReleasableMayBeGranted() public {
        uint256 available = emission.releasable(0);
        makeFinal(rootsOf(leaves(1, 1), available, 0));
        assertEq(emission.releasable(0), emission.accrued(0) - available, "released");
        change(IPolicy.Kind.Parameter, Names.GRANT_MAX, bytes32(uint256(1_000)));
        makeFinal(rootsOf(leaves(1, 1), 600, 400));
        assertEq(rewards.finalEpoch(), 2, "allowed");
    }

    /// R8: of a bond that does not halve, the unit is the sink's.
    function testFuzz_theSinkGetsTheOddUnit(bool stands) public {
        announce(Names.POSTER_BOND, 1_001);
        change(IPolicy.Kind.Parameter, Names.DISPUTE_BOND, bytes32(uint256(501)));
        policy.execute(IPolicy.Kind.Parameter, Names.POSTER_BOND);
        IRewards.Roots memory roots = posted();
        disputeIt(roots);
        vm.prank(ARBITER);
        rewards.decide(roots, stands);
        assertEq(rewards.bondOwed(POSTER), stands ? 1_001 + 250 : 0, "poster");
        assertEq(rewards.bondOwed(DISPUTER), stands ? 0 : 501 + 500, "disputer");
        assertEq(rewards.bondOwed(SINK), stands ? 251 : 501, "sink");
    }

    function test_whereNothingIsPendingThereIsNothingToDispute() public {
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingPending.selector));
        rewards.dispute(0);
    }

    /// R6
    function test_aVestingCurveNeverFallsAndMayStandStill() public {
        uint256[] memory none = new uint256[](0);
        PolicyMath.Vesting[] memory points = new PolicyMath.Vesting[](0);
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidVesting.selector, 0));
        deploy("Rewards", abi.encode(emission, policy, dollars, none, points));
        points = new PolicyMath.Vesting[](3);
        points[0] = PolicyMath.Vesting(1, 500_000);
        points[1] = PolicyMath.Vesting(2, 499_999);
        points[2] = PolicyMath.Vesting(3, 1_000_000);
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidVesting.selector, 1));
        deploy("Rewards", abi.encode(emission, policy, dollars, none, points));
        points[1].ppm = 500_000;
        deploy("Rewards", abi.encode(emission, policy, dollars, none, points));
    }

    /// R2: nobody gets around it by disputing himself first.
    function test_aSecondDisputeAndAWrongIdAreRefused() public {
        IRewards.Roots memory roots = posted();
        disputeIt(roots);
        bytes32 id = rewards.idOf(1, roots);
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRewards.AlreadyDisputed.selector, DISPUTER));
        rewards.dispute(id);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotPending.selector, bytes32(uint256(1)), id));
        rewards.dispute(bytes32(uint256(1)));
    }

    /// R4
    function test_aChangeOfPolicyDoesNotReachWhatIsPending() public {
        announce(Names.DISPUTE_SECONDS, 14 days);
        announce(Names.ARBITER_SECONDS, 3 days);
        announce(Names.DISPUTE_BOND, 10);
        vm.warp(block.timestamp + DELAY);
        IRewards.Roots memory roots = posted();
        policy.execute(IPolicy.Kind.Parameter, Names.DISPUTE_SECONDS);
        policy.execute(IPolicy.Kind.Parameter, Names.ARBITER_SECONDS);
        policy.execute(IPolicy.Kind.Parameter, Names.DISPUTE_BOND);
        disputeIt(roots);
        IRewards.Pending memory pending = rewards.pending();
        assertEq(pending.disputableUntil, block.timestamp + 3 days, "window");
        assertEq(pending.decidableUntil, block.timestamp + 7 days, "arbiter");
        assertEq(dollars.balanceOf(DISPUTER), 1_000_000 - DISPUTE_BOND, "bond");
    }

    /// R8, R9: a winner whom the token refuses hurts only himself.
    function test_aBlockedWinnerStopsNobody() public {
        IRewards.Roots memory roots = posted();
        disputeIt(roots);
        dollars.setBlocked(DISPUTER, true);
        vm.prank(ARBITER);
        rewards.decide(roots, false);
        rewards.withdrawBond(SINK);
        vm.expectRevert(abi.encodeWithSelector(BlacklistToken.Blocked.selector, DISPUTER));
        rewards.withdrawBond(DISPUTER);
        dollars.setBlocked(DISPUTER, false);
        rewards.withdrawBond(DISPUTER);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingOwed.selector, DISPUTER));
        rewards.withdrawBond(DISPUTER);
        assertEq(dollars.balanceOf(DISPUTER), 1_000_000 + POSTER_BOND / 2, "won");
    }

    /// R7
    function test_aTokenThatTakesAFeeIsNoBond() public {
        FeeToken fee = new FeeToken();
        (Rewards other,,) = newRewards(fee);
        fee.mint(POSTER, 1_000_000);
        vm.startPrank(POSTER);
        fee.approve(address(other), type(uint256).max);
        IRewards.Roots memory roots = rootsOf(leaves(1, 1), 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IRewards.TransferFee.selector, POSTER_BOND, POSTER_BOND - POSTER_BOND / 100));
        other.post(roots);
    }

    /// R8
    function test_aBondThatCallsBackIsPaidOnce() public {
        ReentrantToken hook = new ReentrantToken();
        (Rewards other,,) = newRewards(hook);
        hook.mint(POSTER, POSTER_BOND);
        hook.mint(address(other), POSTER_BOND); // somebody else's, to steal
        IRewards.Roots memory roots = rootsOf(leaves(1, 1), 1, 1);
        vm.startPrank(POSTER);
        hook.approve(address(other), type(uint256).max);
        other.post(roots);
        vm.warp(block.timestamp + 3 days + 1);
        other.settle(roots);
        hook.arm(address(other), abi.encodeCall(IRewards.withdrawBond, (POSTER)));
        other.withdrawBond(POSTER);
        assertTrue(hook.called() && !hook.succeeded(), "called back, in vain");
        assertEq(hook.balanceOf(POSTER), POSTER_BOND, "once");
    }

    /// R6
    function testFuzz_nobodyTakesMoreThanHisPosition(address caller, uint256 amount) public {
        makeFinal(rootsOf(leaves(1_000, 0), 1_000, 0));
        rewards.claim(ANNA, 1_000, SmallTree.proof(leaves(1_000, 0), 0));
        uint64 since = uint64(block.timestamp);
        uint256 position = caller == ANNA ? 1_000 : 0;
        amount = bound(amount, position + 1, type(uint256).max);
        vm.warp(since + 180 days);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRewards.MoreThanPosition.selector, amount, position));
        rewards.take(since, amount, caller);
    }

    function test_whereAllIsVestedFromTheStartAClaimPaysAtOnce() public {
        PolicyMath.Vesting[] memory atOnce = new PolicyMath.Vesting[](1);
        atOnce[0] = PolicyMath.Vesting(0, 1_000_000);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        (emission, policy) = newEmission([next, next, FOUNDATION, FOUNDATION]);
        rewards = Rewards(deploy("Rewards", abi.encode(emission, policy, dollars, new uint256[](1), atOnce)));
        vm.prank(POSTER);
        dollars.approve(next, type(uint256).max);
        IRewards.Roots memory roots = rootsOf(leaves(1_000, 0), 1_000, 0);
        roots.grants = new uint256[](1);
        roots.grants[0] = 1_000;
        makeFinal(roots);
        rewards.claim(ANNA, 1_000, SmallTree.proof(leaves(1_000, 0), 0));
        assertEq(rewards.TOKEN().balanceOf(ANNA), 1_000, "paid");
    }

    function test_poolsOfOthersTwiceTheSamePoolAndBadCurvesAreRefused() public {
        uint256[] memory pools = new uint256[](2);
        pools[0] = 2;
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotOurPool.selector, 2, FOUNDATION));
        Rewards(deploy("Rewards", abi.encode(emission, policy, dollars, pools, vestingPoints())));
        pools[0] = 0;
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        (emission,) = newEmission([next, next, next, next]);
        vm.expectRevert(abi.encodeWithSelector(IRewards.PoolsOutOfOrder.selector, 0));
        Rewards(deploy("Rewards", abi.encode(emission, policy, dollars, pools, vestingPoints())));
        pools = new uint256[](0);
        PolicyMath.Vesting[] memory points = vestingPoints();
        points[1].ppm = 999_999;
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidVesting.selector, 2));
        Rewards(deploy("Rewards", abi.encode(emission, policy, dollars, pools, points)));
        points = vestingPoints();
        points[1].afterSeconds = points[0].afterSeconds;
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidVesting.selector, 1));
        Rewards(deploy("Rewards", abi.encode(emission, policy, dollars, pools, points)));
    }

    function test_whatIsPostedDisputedAndDecidedIsTold() public {
        IRewards.Roots memory roots = rootsOf(leaves(5, 5), 10, 0);
        bytes32 id = rewards.idOf(1, roots);
        for (uint256 n = 0; n < 3; n++) {
            vm.expectEmit();
            emit IRewards.Posted(1, id, POSTER, roots, uint64(block.timestamp) + 3 days);
            vm.prank(POSTER);
            rewards.post(roots);
            vm.expectEmit();
            emit IRewards.Disputed(1, id, DISPUTER, uint64(block.timestamp) + 7 days);
            disputeIt(roots);
            vm.expectEmit();
            if (n == 0) {
                emit IRewards.Rejected(1, id, DISPUTER);
                vm.prank(ARBITER);
                rewards.decide(roots, false);
            } else if (n == 1) {
                emit IRewards.Voided(1, id);
                vm.warp(block.timestamp + 7 days + 1);
                rewards.settle(roots);
            } else {
                emit IRewards.Finalised(1, id, 10);
                vm.prank(ARBITER);
                rewards.decide(roots, true);
            }
        }
    }

    function test_whatIsClaimedTakenAndWithdrawnIsTold() public {
        makeFinal(rootsOf(leaves(1_000, 0), 1_000, 0));
        uint64 since = uint64(block.timestamp);
        bytes32[] memory proof = SmallTree.proof(leaves(1_000, 0), 0);
        vm.expectEmit();
        emit IRewards.Claimed(ANNA, 1_000, since);
        rewards.claim(ANNA, 1_000, proof);
        vm.warp(since + 30 days);
        vm.expectEmit();
        emit IRewards.Taken(ANNA, since, BEN, 25, 75);
        vm.prank(ANNA);
        rewards.take(since, 100, BEN);
        vm.expectEmit();
        emit IRewards.BondWithdrawn(POSTER, POSTER_BOND);
        rewards.withdrawBond(POSTER);
    }

    function leaves(uint256 anna, uint256 ben) private view returns (bytes32[] memory) {
        address[] memory accounts = new address[](2);
        uint256[] memory cumulative = new uint256[](2);
        (accounts[0], accounts[1], cumulative[0], cumulative[1]) = (ANNA, BEN, anna, ben);
        return treeOf(rewards, accounts, cumulative);
    }

    function posted() private returns (IRewards.Roots memory roots) {
        roots = rootsOf(leaves(5, 5), 10, 0);
        vm.prank(POSTER);
        rewards.post(roots);
    }

    function disputeIt(IRewards.Roots memory roots) private {
        bytes32 id = rewards.idOf(1, roots);
        vm.prank(DISPUTER);
        rewards.dispute(id);
    }

    /// @dev Posted, disputed and void, since the arbiter says nothing.
    function silence(IRewards.Roots memory roots, address disputer) private {
        vm.prank(POSTER);
        rewards.post(roots);
        bytes32 id = rewards.pending().id;
        vm.prank(disputer);
        rewards.dispute(id);
        vm.warp(rewards.pending().decidableUntil + 1);
        rewards.settle(roots);
    }

    function makeFinal(IRewards.Roots memory roots) private {
        vm.prank(POSTER);
        rewards.post(roots);
        vm.warp(block.timestamp + 3 days + 1);
        rewards.settle(roots);
    }

    function expectRefusal(IRewards.Roots memory roots, bytes memory reason) private {
        vm.prank(POSTER);
        vm.expectRevert(reason);
        rewards.post(roots);
    }

    function announce(bytes32 name, uint256 value) private {
        vm.prank(GOVERNOR);
        policy.announce(IPolicy.Kind.Parameter, name, bytes32(value));
    }

    function change(IPolicy.Kind kind, bytes32 name, bytes32 value) private {
        vm.prank(GOVERNOR);
        policy.announce(kind, name, value);
        vm.warp(block.timestamp + DELAY);
        policy.execute(kind, name);
    }
}
