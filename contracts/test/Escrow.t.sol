// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../src/Escrow.sol";
import {IEscrow} from "../src/interfaces/IEscrow.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {Names} from "../src/Names.sol";
import {Token} from "../src/Token.sol";
import {EscrowFixture} from "./EscrowFixture.sol";

/// @dev Lanes and their renters: deposits, limits, ends, withdrawals. The numbers are those of INVARIANTS.md.
contract EscrowTest is EscrowFixture {
    function setUp() public {
        setUpEscrow();
    }

    function testFuzz_x1_depositsAddUp(uint128 first, uint128 second) public {
        first = uint128(bound(first, 0, MUCH / 2));
        second = uint128(bound(second, 0, MUCH / 2));
        fund(openLane(), first);
        IEscrow.Lane memory named = openLane();
        named.provider = PROVIDER;
        fund(named, second);
        assertEq(escrow.spendable(openLane()), first, "open lane");
        assertEq(escrow.spendable(named), second, "named lane");
        assertEq(escrow.held(address(token)), uint256(first) + second, "held");
        assertEq(token.balanceOf(address(escrow)), uint256(first) + second, "tokens");
    }

    function test_x1_noMoreOfATokenThanItsSumsCanHold() public {
        fund(openLane(), MUCH);
        IEscrow.Lane memory other = openLane();
        other.renter = address(1);
        token.mint(address(this), 1);
        token.approve(address(escrow), 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.TooMuchHeld.selector, MUCH, 1));
        escrow.deposit(other, 1);
    }

    function test_x9_aRentersOwnMeterNeedsOneProvider() public {
        IEscrow.Lane memory lane = openLane();
        lane.meter = renter;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.OwnMeterNeedsProvider.selector, renter));
        escrow.deposit(lane, 0);
        lane.provider = PROVIDER;
        fund(lane, 100);
        setLimit(lane, MUCH, MUCH);
        IEscrow.Statement memory made = statement(lane, PROVIDER, 60, 60);
        assertEq(redeem(made, signed(made, RENTER_KEY)), 60, "paid in his own lane");
    }

    function test_aLaneHasARenterAndAMeter() public {
        IEscrow.Lane memory lane = openLane();
        lane.renter = address(0);
        vm.expectRevert(IEscrow.NoRenterOrMeter.selector);
        escrow.deposit(lane, 0);
        lane = openLane();
        lane.meter = address(0);
        vm.expectRevert(IEscrow.NoRenterOrMeter.selector);
        escrow.deposit(lane, 0);
    }

    function testFuzz_x12_onlyTheRenterActsOnALane(address stranger) public {
        vm.assume(stranger != renter);
        IEscrow.Lane memory lane = fundedLane(100);
        bytes memory refusal = abi.encodeWithSelector(IEscrow.NotRenter.selector, stranger, renter);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        escrow.setLimit(lane, limitOf(1, 1));
        vm.expectRevert(refusal);
        escrow.setExpiry(lane, 0);
        vm.expectRevert(refusal);
        escrow.thaw(lane, 1);
        vm.expectRevert(refusal);
        escrow.cancelThaw(lane);
        vm.expectRevert(refusal);
        escrow.withdraw(lane, stranger);
        vm.stopPrank();
    }

    function testFuzz_x7_withdrawingWaitsForTheThaw(uint128 amount, uint128 thawed, uint64 early) public {
        amount = uint128(bound(amount, 0, MUCH));
        IEscrow.Lane memory lane = fundedLane(amount);
        thawed = uint128(bound(thawed, 0, amount));
        early = uint64(bound(early, 0, THAW - 1));
        vm.startPrank(renter);
        escrow.thaw(lane, thawed);
        assertEq(escrow.spendable(lane), amount - thawed, "X4");
        vm.warp(START + early);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillThawing.selector, START + THAW, START + early));
        escrow.withdraw(lane, renter);
        vm.warp(START + THAW);
        assertEq(escrow.withdraw(lane, renter), thawed, "withdrawn");
        vm.stopPrank();
        assertEq(token.balanceOf(renter), thawed, "received");
        assertEq(escrow.spendable(lane), amount - thawed, "left");
        assertEq(escrow.held(address(token)), amount - thawed, "X1");
    }

    function test_x7_thawingMoreStartsTheThawAnew() public {
        IEscrow.Lane memory lane = fundedLane(100);
        vm.startPrank(renter);
        escrow.thaw(lane, 60);
        vm.warp(START + THAW - 1);
        escrow.thaw(lane, 40);
        vm.warp(START + THAW);
        vm.expectRevert();
        escrow.withdraw(lane, renter);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotSpendable.selector, 1, 0));
        escrow.thaw(lane, 1);
        escrow.cancelThaw(lane);
        assertEq(escrow.spendable(lane), 100, "spendable again");
        vm.warp(START + 3 * uint256(THAW));
        assertEq(escrow.withdraw(lane, renter), 0, "nothing thaws any more");
        vm.stopPrank();
    }

    function testFuzz_x4_whatIsThawingIsStillDrawnForWhatWasServed(uint128 thawed, uint128 served) public {
        IEscrow.Lane memory lane = fundedLane(1_000);
        thawed = uint128(bound(thawed, 0, 1_000));
        served = uint128(bound(served, 1, 1_000));
        vm.prank(renter);
        escrow.thaw(lane, thawed);
        assertEq(serve(lane, PROVIDER, served, served), served, "paid");
        IEscrow.LaneState memory state = escrow.laneState(lane);
        assertEq(state.balance, 1_000 - served, "balance");
        assertEq(state.thawing, served <= 1_000 - thawed ? thawed : 1_000 - served, "the spendable part goes first");
        assertEq(escrow.spendable(lane), state.balance - state.thawing, "X4");
    }

    function test_x4_newMoneyIsNotThawing() public {
        IEscrow.Lane memory lane = fundedLane(100);
        vm.prank(renter);
        escrow.thaw(lane, 100);
        serve(lane, PROVIDER, 70, 70);
        fund(lane, 50);
        assertEq(escrow.laneState(lane).thawing, 30, "what was left of it");
        assertEq(escrow.spendable(lane), 50, "the deposit");
    }

    function test_x7_anEndAndALowerLimitInEitherOrder() public {
        IEscrow.Lane memory lane = fundedLane(1_000);
        setLimit(lane, 0, 100);
        vm.prank(renter);
        escrow.setExpiry(lane, uint64(START) + 3 * THAW);
        vm.warp(START + THAW);
        assertEq(serve(lane, PROVIDER, 1_000, 1_000), 100, "lowered first");
        setLimit(lane, 0, 50);
        vm.prank(renter);
        escrow.setExpiry(lane, 0);
        vm.prank(renter);
        escrow.setExpiry(lane, uint64(START) + 2 * THAW);
        setLimit(lane, 0, 300);
        assertEq(serve(lane, PROVIDER, 1_000, 1_000), 200, "raised, and the announced one is gone");
        vm.warp(START + 2 * uint256(THAW) - 1);
        setLimit(lane, 0, 100);
        vm.warp(START + 4 * uint256(THAW));
        assertEq(serve(lane, PROVIDER, 1_000, 1_000), 0, "ended first");
        vm.startPrank(renter);
        escrow.setExpiry(lane, 0);
        assertEq(escrow.laneState(lane).limit.burst, 100, "and lowered since");
        assertEq(escrow.withdraw(lane, renter), 0, "going on again, it has to thaw");
        vm.stopPrank();
    }

    function testFuzz_x7_raisingIsInstantAndLoweringWaits(uint96 low, uint96 high) public {
        low = uint96(bound(low, 0, MUCH - 1));
        high = uint96(bound(high, low + 1, MUCH));
        IEscrow.Lane memory lane = openLane();
        setLimit(lane, low, low);
        setLimit(lane, low, high);
        assertEq(escrow.laneState(lane).room, high, "raised at once");
        setLimit(lane, high, low); // the rate rises, but the burst falls: all of it waits
        vm.warp(START + THAW - 1);
        IEscrow.LaneState memory state = escrow.laneState(lane);
        assertEq(state.limit.burst, high, "not yet lowered");
        assertEq(state.limit.perSecond, low, "nor raised");
        assertEq(state.lowersAt, START + THAW, "announced");
        assertEq(state.nextLimit.perSecond, high, "the next rate");
        assertEq(state.nextLimit.burst, low, "the next burst");
        vm.warp(START + THAW);
        state = escrow.laneState(lane);
        assertEq(state.room, low, "lowered by itself");
        assertEq(state.limit.perSecond, high, "as a whole");
        assertEq(state.lowersAt, 0, "no longer announced");
    }

    function test_x7_aLowerRateWaitsAndAHigherOneDoesNotWhateverTheBurst() public {
        IEscrow.Lane memory lane = openLane();
        setLimit(lane, 10, 10);
        setLimit(lane, 20, 10);
        assertEq(escrow.laneState(lane).limit.perSecond, 20, "a higher rate with the same burst");
        setLimit(lane, 20, 30);
        assertEq(escrow.laneState(lane).limit.burst, 30, "a higher burst with the same rate");
        setLimit(lane, 10, 40);
        assertEq(escrow.laneState(lane).limit.perSecond, 20, "a lower rate waits");
        assertEq(escrow.laneState(lane).limit.burst, 30, "and so does the burst beside it");
    }

    function test_x7_aPaymentDoesNotTakeALoweringBack() public {
        IEscrow.Lane memory lane = fundedLane(1_000);
        setLimit(lane, 0, 10);
        assertEq(serve(lane, PROVIDER, 100, 100), 100, "not lowered yet");
        vm.warp(START + THAW);
        assertEq(escrow.laneState(lane).limit.burst, 10, "lowered");
    }

    function test_x7_anEndBeforeALoweringEnds() public {
        IEscrow.Lane memory lane = fundedLane(1_000);
        uint64 end = uint64(START) + THAW + 10;
        vm.prank(renter);
        escrow.setExpiry(lane, end);
        vm.warp(START + 50);
        setLimit(lane, 0, 10);
        vm.warp(end);
        assertEq(serve(lane, PROVIDER, 100, 100), 0, "ended, and not lowered yet");
    }

    function test_x10_aHaltIsOverInItsLastSecond() public {
        IEscrow.Lane memory lane = fundedLane(100);
        vm.prank(meter);
        escrow.halt(7);
        vm.warp(START + 6);
        assertEq(serve(lane, PROVIDER, 40, 40), 0, "halted");
        vm.warp(START + 7);
        assertEq(serve(lane, PROVIDER, 40, 40), 40, "going on");
    }

    function testFuzz_aLaneIsNamedByItsFourAddresses(address renter_, address meter_, address token_, address provider_)
        public
        view
    {
        IEscrow.Lane memory lane = IEscrow.Lane(renter_, meter_, token_, provider_);
        assertTrue(
            escrow.laneId(lane) == keccak256(abi.encode(renter_, meter_, token_, provider_)), "in this order"
        );
    }

    function test_x5_aRaisedRateCountsFromItsInstant() public {
        IEscrow.Lane memory lane = openLane();
        fund(lane, 1_000);
        setLimit(lane, 0, 100);
        assertEq(serve(lane, PROVIDER, 1_000, 1_000), 100, "the burst");
        vm.warp(START + 50);
        setLimit(lane, 10, 100);
        assertEq(escrow.laneState(lane).room, 0, "nothing leaked before");
        vm.warp(START + 53);
        assertEq(serve(lane, PROVIDER, 1_000, 1_000), 30, "three seconds since");
    }

    function test_x7_aLaterEndIsInstantAlsoWhenItIsNear() public {
        IEscrow.Lane memory lane = fundedLane(100);
        uint64 end = uint64(START) + THAW;
        vm.startPrank(renter);
        escrow.setExpiry(lane, end);
        vm.warp(end - 1);
        escrow.setExpiry(lane, end);
        escrow.setExpiry(lane, end + 1);
        assertEq(escrow.laneState(lane).expiresAt, end + 1, "a second later");
        vm.stopPrank();
    }

    function test_x10_theFirstHaltWaitsForNone() public {
        uint64 every = uint64(START) + 365 days;
        escrow = Escrow(deploy("Escrow", abi.encode(escrow.POLICY(), FEE_MAX_PPM, THAW, HALT_MAX, every)));
        vm.startPrank(meter);
        escrow.halt(1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.HaltedTooRecently.selector, START + every));
        escrow.halt(1);
        vm.stopPrank();
    }

    function test_whatARenterDoesIsTold() public {
        IEscrow.Lane memory lane = openLane();
        bytes32 id = escrow.laneId(lane);
        token.mint(renter, 100);
        vm.startPrank(renter);
        token.approve(address(escrow), 100);
        vm.expectEmit();
        emit IEscrow.Deposited(id, renter, meter, address(token), address(0), renter, 100);
        escrow.deposit(lane, 100);
        vm.expectEmit();
        emit IEscrow.LimitSet(id, 5, 7, uint64(START));
        escrow.setLimit(lane, limitOf(5, 7));
        vm.expectEmit();
        emit IEscrow.LimitSet(id, 4, 6, uint64(START) + THAW);
        escrow.setLimit(lane, limitOf(4, 6));
        vm.expectEmit();
        emit IEscrow.ExpirySet(id, uint64(START) + 2 * THAW);
        escrow.setExpiry(lane, uint64(START) + 2 * THAW);
        escrow.thaw(lane, 10);
        vm.expectEmit();
        emit IEscrow.Thawing(id, 30, uint64(START) + THAW);
        escrow.thaw(lane, 20);
        vm.expectEmit();
        emit IEscrow.Thawing(id, 0, 0);
        escrow.cancelThaw(lane);
        vm.warp(START + 2 * uint256(THAW));
        vm.expectEmit();
        emit IEscrow.Withdrawn(id, address(0x99), 100);
        escrow.withdraw(lane, address(0x99));
        vm.stopPrank();
    }

    function test_whatAMeterDoesAndWhatIsPaidIsTold() public {
        IEscrow.Lane memory lane = fundedLane(100);
        vm.expectEmit();
        emit IEscrow.Paid(escrow.laneId(lane), PROVIDER, 50, 40);
        serve(lane, PROVIDER, 50, 40);
        vm.startPrank(PROVIDER);
        vm.expectEmit();
        emit IEscrow.Collected(address(token), PROVIDER, address(0x99), 40);
        escrow.collect(address(token), address(0x99));
        vm.stopPrank();
        vm.startPrank(meter);
        vm.expectEmit();
        emit IEscrow.Halted(meter, uint64(START) + 7);
        escrow.halt(7);
        vm.expectEmit();
        emit IEscrow.Resumed(meter);
        escrow.resume();
        vm.stopPrank();
    }

    function test_x7_raisingTakesALoweringBack() public {
        IEscrow.Lane memory lane = fundedLane(100);
        setLimit(lane, 1, 1);
        setLimit(lane, MUCH, MUCH);
        vm.warp(START + 2 * uint256(THAW));
        assertEq(escrow.laneState(lane).room, MUCH, "room");
    }

    function testFuzz_x7_anEndIsAnnouncedAThawAhead(uint64 expiresAt) public {
        IEscrow.Lane memory lane = fundedLane(100);
        uint64 earliest = uint64(START) + THAW;
        expiresAt = uint64(bound(expiresAt, 1, earliest - 1));
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.ExpiresTooSoon.selector, expiresAt, earliest));
        escrow.setExpiry(lane, expiresAt);
        escrow.setExpiry(lane, earliest);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.ExpiresTooSoon.selector, earliest - 1, earliest));
        escrow.setExpiry(lane, earliest - 1);
        escrow.setExpiry(lane, earliest + 1); // later is instant
        vm.warp(earliest + 1);
        vm.stopPrank();
        assertEq(serve(lane, PROVIDER, 100, 100), 0, "nothing is drawn after the end");
        assertEq(escrow.laneState(lane).room, 0, "no room");
        vm.prank(renter);
        assertEq(escrow.withdraw(lane, renter), 100, "everything comes back at once");
    }

    function testFuzz_x7_aLaneThatEndedIsNotOpenedForLessThanAThaw(uint64 ended, uint64 again) public {
        IEscrow.Lane memory lane = fundedLane(100);
        uint64 end = uint64(START) + THAW;
        vm.prank(renter);
        escrow.setExpiry(lane, end);
        ended = uint64(bound(ended, 0, THAW));
        vm.warp(end + ended);
        again = uint64(bound(again, end, end + ended + THAW - 1));
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.ExpiresTooSoon.selector, again, end + ended + THAW));
        escrow.setExpiry(lane, again);
        escrow.setExpiry(lane, end + ended + THAW);
        vm.stopPrank();
        assertEq(serve(lane, PROVIDER, 100, 100), 100, "it lives again");
    }

    function test_x7_anEndOutlivesPaymentsAndLimits() public {
        IEscrow.Lane memory lane = fundedLane(100);
        vm.prank(renter);
        escrow.setExpiry(lane, uint64(START) + THAW);
        serve(lane, PROVIDER, 10, 10);
        assertEq(escrow.laneState(lane).expiresAt, START + THAW, "after a payment");
        setLimit(lane, MUCH, MUCH);
        assertEq(escrow.laneState(lane).expiresAt, START + THAW, "after a limit");
    }

    function test_x7_aLimitIsComparedWithTheOneInForce() public {
        IEscrow.Lane memory lane = openLane();
        setLimit(lane, 10, 10);
        setLimit(lane, 1, 1);
        vm.warp(START + THAW);
        setLimit(lane, 5, 5);
        assertEq(escrow.laneState(lane).room, 5, "raised at once, from one to five");
        setLimit(lane, 4, 4);
        assertEq(escrow.laneState(lane).room, 5, "until it is lowered, five and not ten");
    }

    function test_x10_aThawRunsOnTheMetersClock() public {
        IEscrow.Lane memory lane = fundedLane(100);
        vm.prank(meter);
        escrow.halt(HALT_MAX);
        vm.warp(START + HALT_MAX);
        vm.startPrank(renter);
        escrow.thaw(lane, 100);
        vm.warp(START + HALT_MAX + THAW);
        assertEq(escrow.withdraw(lane, renter), 100, "no longer than a thaw");
        vm.stopPrank();
        vm.warp(START + HALT_EVERY - 1);
        vm.prank(meter);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.HaltedTooRecently.selector, START + HALT_EVERY));
        escrow.halt(1);
    }

    function test_x7_theLastInstantStillPays() public {
        IEscrow.Lane memory lane = fundedLane(100);
        vm.prank(renter);
        escrow.setExpiry(lane, uint64(START) + THAW);
        vm.warp(START + THAW - 1);
        assertEq(serve(lane, PROVIDER, 100, 100), 100, "paid");
    }

    function testFuzz_x10_aHaltStopsTheMeterAndItsDeadlines(uint64 duration, uint64 before) public {
        IEscrow.Lane memory lane = fundedLane(100);
        duration = uint64(bound(duration, 1, HALT_MAX));
        before = uint64(bound(before, 0, THAW - 1));
        vm.prank(renter);
        escrow.thaw(lane, 100);
        vm.warp(START + before);
        vm.prank(meter);
        escrow.halt(duration);
        vm.warp(START + before + duration - 1);
        assertEq(serve(lane, PROVIDER, 40, 40), 0, "halted");
        vm.warp(START + THAW + duration - 1);
        vm.prank(renter);
        vm.expectRevert();
        escrow.withdraw(lane, renter);
        assertEq(serve(lane, PROVIDER, 40, 40), 40, "going on");
        vm.warp(START + THAW + duration);
        vm.prank(renter);
        assertEq(escrow.withdraw(lane, renter), 60, "one thaw and one halt");
    }

    function testFuzz_x10_haltsAreBoundedAndRare(uint64 duration, uint64 pause) public {
        duration = uint64(bound(duration, HALT_MAX + 1, type(uint64).max));
        vm.startPrank(meter);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.HaltTooLong.selector, duration, HALT_MAX));
        escrow.halt(duration);
        escrow.halt(HALT_MAX);
        vm.warp(START + bound(pause, 0, HALT_EVERY - 1));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.HaltedTooRecently.selector, START + HALT_EVERY));
        escrow.halt(0);
        vm.warp(START + HALT_EVERY);
        escrow.halt(HALT_MAX);
        assertEq(escrow.clock(meter), START + HALT_EVERY - HALT_MAX, "the clock lost the first halt");
        vm.stopPrank();
    }

    function test_x10_aHaltEndsEarly() public {
        vm.startPrank(meter);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotHalted.selector, meter));
        escrow.resume();
        escrow.halt(HALT_MAX);
        vm.warp(START + 10);
        escrow.resume();
        vm.warp(START + 100);
        assertEq(escrow.clock(meter), START + 90, "ten seconds lost");
        vm.stopPrank();
    }

    function test_theTimingLeavesNoThawWithTwoHalts() public {
        IPolicy policy = escrow.POLICY();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.TimingTooTight.selector, 19 days, 14 days, 3 days));
        Escrow(deploy("Escrow", abi.encode(policy, FEE_MAX_PPM, 14 days, 3 days, 19 days)));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.FeeMaxAboveWhole.selector, 1_000_001));
        Escrow(deploy("Escrow", abi.encode(policy, 1_000_001, 14 days, 3 days, 20 days)));
        Escrow(deploy("Escrow", abi.encode(policy, 1_000_000, 14 days, 3 days, 20 days)));
    }

    function test_aNetworkWithoutASinkHasNoEscrow() public {
        IPolicy.RoleParameters[] memory roles = new IPolicy.RoleParameters[](1);
        roles[0] = IPolicy.RoleParameters(Names.GOVERNOR, GOVERNOR);
        address policy = deploy(
            "Policy", abi.encode(HASH, roles, new IPolicy.ParameterParameters[](0), IPolicy.Timing(1, 1, 1, 1))
        );
        vm.expectRevert(abi.encodeWithSelector(IPolicy.UnknownName.selector, Names.SINK));
        deploy("Escrow", abi.encode(policy, FEE_MAX_PPM, THAW, HALT_MAX, HALT_EVERY));
    }

    function test_aSignedPermitIsAllTheAllowanceADepositNeeds() public {
        Token coop = Token(deploy("Token", abi.encode("Coop", "COOP", 18, address(this), 100)));
        coop.mint(renter, 100);
        IEscrow.Lane memory lane = openLane();
        lane.token = address(coop);
        bytes32 permit = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                renter, address(escrow), 60, 0, START + 5
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(RENTER_KEY, keccak256(abi.encodePacked("\x19\x01", coop.DOMAIN_SEPARATOR(), permit)));
        vm.prank(renter);
        escrow.depositWithPermit(lane, 60, START + 5, v, r, s);
        assertEq(escrow.spendable(lane), 60, "deposited");
    }

    function test_aRenterOpensALaneInOneTransaction() public {
        token.mint(renter, 100);
        vm.startPrank(renter);
        token.approve(address(escrow), 100);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IEscrow.deposit, (openLane(), 100));
        calls[1] = abi.encodeCall(IEscrow.setLimit, (openLane(), limitOf(1, 50)));
        escrow.multicall(calls);
        vm.stopPrank();
        assertEq(escrow.laneState(openLane()).room, 50, "room");
    }
}
