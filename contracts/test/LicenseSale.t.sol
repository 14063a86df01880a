// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {License} from "../src/License.sol";
import {LicenseSale} from "../src/LicenseSale.sol";
import {ILicense} from "../src/interfaces/ILicense.sol";
import {ILicenseSale} from "../src/interfaces/ILicenseSale.sol";
import {SaleFixture} from "./SaleFixture.sol";
import {BlacklistToken} from "./hostile/BlacklistToken.sol";
import {FalseToken} from "./hostile/FalseToken.sol";
import {FeeToken} from "./hostile/FeeToken.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {HostileHolder} from "./hostile/HostileHolder.sol";
import {ReentrantToken} from "./hostile/ReentrantToken.sol";

/// @dev Numbers are those of INVARIANTS.md.
contract LicenseSaleTest is SaleFixture {
    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0bb1e);
    address internal constant REFERRER = address(0x4ef);

    function setUp() public {
        setUpSale(new FreeToken(6));
        vm.prank(REFERRER);
        sale.register();
        vm.warp(PUBLIC_OPENS);
    }

    function testFuzz_LS1_thePriceOfAnIdNeverChanges(uint256 id, uint256 count, uint256 back) public {
        id = bound(id, 0, 39);
        uint256 before = sale.price(id);
        count = bound(count, 1, 5);
        buy(ALICE, count);
        vm.prank(ALICE);
        sale.refund(one(bound(back, 0, count - 1)), ALICE);
        pauseSale();
        assertEq(sale.price(id), before, "price");
        assertEq(before, id < 10 ? 125_900_001 : id < 13 ? 144_800_007 : 166_500_013, "tier");
        assertEq(sale.tierOf(id), id < 10 ? 0 : id < 13 ? 1 : 2, "index");
    }

    function test_LS1_theWholeCurveIsVisibleBeforeTheSaleOpens() public {
        vm.warp(LISTED_OPENS - 1);
        ILicenseSale.Tier[] memory tiers = sale.tiers();
        ILicenseSale.Tier[] memory given = setupOf().tiers;
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(tiers[i].count, given[i].count, "count");
            assertEq(tiers[i].price, given[i].price, "price");
            assertEq(tiers[i].capPerAddress, given[i].capPerAddress, "cap");
        }
        assertEq(sale.phases().length, 2, "phases");
        assertEq(license.SUPPLY(), 40, "supply");
    }

    /// @dev A price that follows from how many licences there are would fall when some are burnt.
    function test_LS1_givingBackReopensNoTier() public {
        buy(ALICE, 5);
        buy(BOB, 5);
        vm.prank(ALICE);
        sale.refund(span(0, 5), ALICE);
        vm.prank(BOB);
        sale.refund(span(5, 5), BOB);
        (uint256 first, uint256 cost) = buy(ALICE, 1);
        assertEq(first, 10, "id");
        assertEq(cost, 144_800_007, "cost");
    }

    /// @dev From any start, over any borders, with each kind of referrer: the cost is the sum over the ids.
    function testFuzz_LS2_aPurchaseCostsTheSumOfItsIds(uint256 start, uint256 count, uint256 by) public {
        start = bound(start, 0, 39);
        count = bound(count, 1, 40 - start);
        advanceTo(start);
        ILicenseSale.Order memory order = orderFor(address(0xcafe), count);
        uint256[3] memory discounts = [uint256(0), 50_000, 100_000];
        uint256[3] memory shares = [uint256(0), 150_000, 200_000];
        by = by % 3;
        order.referrer = [address(0), REFERRER, PARTNER][by];
        uint256 expected = 0;
        uint256 owed = 0;
        uint256 inLastTier = 0;
        for (uint256 id = start; id < start + count; ++id) {
            uint256 price = sale.price(id);
            uint256 each = price - price * discounts[by] / 1e6;
            expected += each;
            owed += each * shares[by] / 1e6;
            if (id >= 13) ++inLastTier;
        }
        if (countBelow(start, count, 10) > 5 || inLastTier > 20) {
            fund(ALICE, 1e18);
            vm.prank(ALICE);
            vm.expectRevert();
            sale.buy(order);
            return;
        }
        (uint256 cost, uint256 commission) = sale.quote(count, order.referrer);
        assertEq(cost, expected, "quoted");
        assertEq(commission, owed, "commission quoted");
        order.maxCost = cost;
        uint256 held = token.balanceOf(address(sale));
        (uint256 first, uint256 paid) = buy(ALICE, order);
        assertEq(first, start, "first");
        assertEq(paid, expected, "paid");
        assertEq(token.balanceOf(address(sale)) - held, expected, "received");
        assertEq(sale.commissions(), owed, "owed");
        assertEq(license.balanceOf(order.to), count, "licences");
    }

    function testFuzz_LS2_neverMoreThanTheMaximum(uint256 count, uint256 maxCost) public {
        count = bound(count, 1, 5);
        (uint256 cost,) = sale.quote(count, address(0));
        ILicenseSale.Order memory order = orderFor(ALICE, count);
        order.maxCost = bound(maxCost, 0, cost - 1);
        fund(ALICE, 1e18);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.CostAboveMaximum.selector, cost, order.maxCost));
        sale.buy(order);
    }

    function testFuzz_LS2_neverAfterTheDeadline(uint64 deadline) public {
        ILicenseSale.Order memory order = orderFor(ALICE, 1);
        order.deadline = uint64(bound(deadline, 0, PUBLIC_OPENS - 1));
        fund(ALICE, 1e18);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.DeadlinePassed.selector, order.deadline));
        sale.buy(order);
    }

    function testFuzz_LS2_onlyWhileThePhaseIsOpen(uint256 time) public {
        time = bound(time, 0, 2 * LOCK_END);
        vm.warp(time);
        fund(ALICE, 1e18);
        vm.prank(ALICE);
        if (time < PUBLIC_OPENS || time >= SALE_END) {
            vm.expectRevert(
                abi.encodeWithSelector(ILicenseSale.PhaseClosed.selector, PUBLIC, PUBLIC_OPENS, SALE_END)
            );
        }
        sale.buy(orderFor(ALICE, 1));
    }

    function testFuzz_LS2_nothingIsSoldPastTheSupply(uint256 count) public {
        advanceTo(30);
        count = bound(count, 11, 256);
        fund(BOB, 1e18);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.NoSuchLicence.selector, 29 + count, 40));
        sale.buy(orderFor(BOB, count));
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.NoSuchLicence.selector, 29 + count, 40));
        sale.quote(count, address(0));
    }

    function testFuzz_LS5_aRefundPaysWhatTheIdCostLessTheFee(uint256 start, uint256 id, uint256 by) public {
        start = bound(start, 0, 34);
        advanceTo(start);
        ILicenseSale.Order memory order = orderFor(ALICE, 5);
        order.referrer = [address(0), REFERRER, PARTNER][by % 3];
        buy(BOB, order);
        id = bound(id, start, start + 4);
        uint256 price = sale.price(id);
        uint256 cost = price - price * [uint256(0), 50_000, 100_000][by % 3] / 1e6;
        uint256 owed = sale.commissions();

        vm.prank(ALICE);
        uint256 paid = sale.refund(one(id), address(0xbeef));

        assertEq(paid, cost - cost * 30_000 / 1e6, "paid");
        assertEq(token.balanceOf(address(0xbeef)), paid, "received");
        assertEq(owed - sale.commissions(), cost * [uint256(0), 150_000, 200_000][by % 3] / 1e6, "commission cancelled");
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        license.ownerOf(id);
    }

    function test_LS5_noIdIsRefundedTwiceNotEvenInOneCall() public {
        buy(ALICE, 2);
        uint256[] memory twice = new uint256[](2);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 0));
        sale.refund(twice, ALICE);
        sale.refund(one(0), ALICE);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 0));
        sale.refund(one(0), ALICE);
    }

    function testFuzz_LS5_nobodyElseIsRefunded(address caller) public {
        vm.assume(caller != ALICE && caller != address(0));
        buy(ALICE, 1);
        vm.prank(ALICE);
        license.setApprovalForAll(caller, true);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(ILicense.NotOwner.selector, 0, caller, ALICE));
        sale.refund(one(0), caller);
    }

    function testFuzz_LS5_refundsEndAtTheRefundEndAndNoPauseStopsThem(uint256 time) public {
        buy(ALICE, 1);
        vm.warp(REFUND_END - 25_000);
        pauseSale();
        time = bound(time, REFUND_END - 25_000, 2 * REFUND_END);
        vm.warp(time);
        vm.prank(ALICE);
        if (time >= REFUND_END) {
            vm.expectRevert(abi.encodeWithSelector(ILicenseSale.RefundOver.selector, REFUND_END));
        }
        sale.refund(one(0), ALICE);
    }

    /// @dev In one second nothing is both given back and collected.
    function test_LS5_theRefundEndItselfIsTooLate() public {
        buy(ALICE, 1);
        vm.warp(REFUND_END - 1);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.RefundStillPossible.selector, REFUND_END));
        sale.collect();
        vm.warp(REFUND_END);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.RefundOver.selector, REFUND_END));
        sale.refund(one(0), ALICE);
    }

    function test_LS2_theDeadlineAndTheLastSecondOfAPhaseAreInTimeAndItsEndIsNot() public {
        vm.warp(SALE_END - 1);
        ILicenseSale.Order memory order = orderFor(ALICE, 1);
        order.deadline = SALE_END - 1;
        buy(ALICE, order);
        vm.warp(SALE_END);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.PhaseClosed.selector, PUBLIC, PUBLIC_OPENS, SALE_END));
        sale.buy(orderFor(ALICE, 1));
    }

    function test_LS5_whatEarnsAlreadyIsNotGivenBack() public {
        buy(ALICE, 1);
        vm.startPrank(ALICE);
        license.activate(one(0));
        vm.expectRevert(abi.encodeWithSelector(ILicense.AlreadyActivated.selector, 0));
        sale.refund(one(0), ALICE);
    }

    function test_LS5_givingBackRestoresNoCap() public {
        buy(ALICE, 5);
        vm.prank(ALICE);
        sale.refund(span(0, 5), ALICE);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.CapExceeded.selector, 0, 6, 5));
        sale.buy(orderFor(ALICE, 1));
    }

    function testFuzz_LS6_aCapBindsWhoReceivesWhoeverPays(uint256 first, uint256 second) public {
        first = bound(first, 1, 5);
        second = bound(second, 6 - first, 6);
        buy(ALICE, orderFor(BOB, first));
        fund(REFERRER, 1e18);
        vm.prank(REFERRER);
        if (first + second > 10) second = 10 - first;
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.CapExceeded.selector, 0, first + second, 5));
        sale.buy(orderFor(BOB, second));
    }

    function test_LS6_whatATierGaveIsToldUntilALaterOneWithACapGives() public {
        ILicenseSale.Setup memory setup = setupOf();
        setup.tiers[1].capPerAddress = 3;
        setup.tiers[2].capPerAddress = 0;
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        license = License(address(sale.LICENSE()));
        buy(ALICE, 2);
        buy(BOB, 5);
        buy(REFERRER, 3);
        buy(BOB, 3); // the second tier, whole
        buy(ALICE, 1);
        assertBought(ALICE, 0, 2);
    }

    function test_LS6_acrossABorderEachTierCountsItsOwn() public {
        advanceTo(8);
        buy(ALICE, 7);
        assertBought(ALICE, 2, 2);
        // One that went over the border with the cap of the first tier used up begins anew in the third.
        buy(BOB, 1);
        assertBought(BOB, 2, 1);
    }

    /// @dev A list of two: the sibling of one leaf is the other.
    function testFuzz_LS6_aListEntryGrantsItsAllocationOnce(uint256 allocation, uint256 count) public {
        allocation = bound(allocation, 1, 4);
        (bytes32[] memory proof) = publishListOfTwo(ALICE, allocation);
        count = bound(count, 1, allocation);
        ILicenseSale.Order memory order = orderFor(ALICE, count);
        (order.phase, order.allocation, order.proof) = (LISTED, allocation, proof);
        buy(BOB, order);
        assertEq(sale.boughtInPhase(ALICE, LISTED), count, "counted");
        vm.prank(ALICE);
        sale.refund(span(0, count), ALICE);
        order.count = allocation + 1 - count;
        vm.prank(BOB);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseSale.AllocationExceeded.selector, LISTED, allocation + 1, allocation)
        );
        sale.buy(order);
    }

    function testFuzz_LS6_aListEntryIsForOneAccountAndAllocation(address account, uint256 allocation) public {
        bytes32[] memory proof = publishListOfTwo(ALICE, 2);
        vm.assume(account != address(0) && (account != ALICE || allocation != 2));
        expectNotListed(LISTED, account, allocation, proof);
    }

    function test_LS6_aListEntryIsForOneChain() public {
        bytes32[] memory proof = publishListOfTwo(ALICE, 2);
        vm.chainId(block.chainid + 1);
        expectNotListed(LISTED, ALICE, 2, proof);
    }

    function test_LS6_aListEntryIsForOneSale() public {
        bytes32[] memory proof = publishListOfTwo(ALICE, 2);
        bytes32 root = sale.allowlistRoot(LISTED);
        vm.warp(LISTED_OPENS - 1000);
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setupOf())));
        vm.prank(GOVERNOR);
        sale.publishAllowlist(LISTED, root);
        vm.warp(LISTED_OPENS);
        expectNotListed(LISTED, ALICE, 2, proof);
    }

    function test_LS6_aListEntryIsForOnePhase() public {
        vm.warp(LISTED_OPENS - 1000);
        ILicenseSale.Setup memory setup = setupOf();
        setup.phases[PUBLIC] = setup.phases[LISTED];
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        bytes32[] memory proof = publishListOfTwo(ALICE, 2);
        bytes32 root = sale.allowlistRoot(LISTED);
        vm.warp(LISTED_OPENS - 1);
        vm.prank(GOVERNOR);
        sale.publishAllowlist(PUBLIC, root);
        vm.warp(LISTED_OPENS);
        expectNotListed(PUBLIC, ALICE, 2, proof);
        ILicenseSale.Order memory order = orderFor(ALICE, 1);
        (order.phase, order.allocation, order.proof) = (LISTED, 2, proof);
        buy(BOB, order);
    }

    function test_LS6_aPhaseWithoutAPublishedListSellsNothing() public {
        vm.warp(LISTED_OPENS);
        expectNotListed(LISTED, ALICE, 0, new bytes32[](0));
    }

    function test_LS6_aListIsPublishedOnceBeforeItsPhaseByTheGovernor() public {
        vm.warp(LISTED_OPENS - 1);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.NotGovernor.selector, address(this), GOVERNOR));
        sale.publishAllowlist(LISTED, bytes32(uint256(1)));
        vm.startPrank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.NoSuchPhase.selector, PUBLIC));
        sale.publishAllowlist(PUBLIC, bytes32(uint256(1)));
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.NoSuchPhase.selector, 2));
        sale.publishAllowlist(2, bytes32(uint256(1)));
        vm.warp(LISTED_OPENS);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseSale.PhaseClosed.selector, LISTED, LISTED_OPENS, PUBLIC_OPENS)
        );
        sale.publishAllowlist(LISTED, bytes32(uint256(1)));
        vm.warp(LISTED_OPENS - 1);
        sale.publishAllowlist(LISTED, bytes32(uint256(1)));
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.AllowlistFixed.selector, LISTED, bytes32(uint256(1))));
        sale.publishAllowlist(LISTED, bytes32(uint256(2)));
    }

    function testFuzz_LS7_priceAfterRebatesIsWhatOneWithTwoAddressesPays(uint256 id) public {
        id = bound(id, 0, 39);
        advanceTo(id);
        uint256 before = token.balanceOf(address(sale));
        ILicenseSale.Order memory order = orderFor(BOB, 1);
        order.referrer = PARTNER;
        buy(BOB, order);
        vm.warp(REFUND_END);
        vm.prank(PARTNER);
        sale.takeCommission(PARTNER);
        uint256 left = token.balanceOf(address(sale)) - before;
        assertEq(sale.priceAfterRebates(id), left, "left");
        assertLe(sale.price(id), 2 * left, "half the price");
    }

    function testFuzz_LS7_priceAfterRebatesIsOnTheTermsThatLeaveTheLeast(uint32 discount, uint32 commission) public {
        ILicenseSale.Setup memory setup = setupOf();
        setup.tiers[0].price = 1e12; // so that nothing is rounded
        (setup.discountPpm, setup.commissionPpm) = (0, 300_000);
        discount = uint32(bound(discount, 0, 500_000));
        commission = uint32(bound(commission, 0, 500_000 - discount));
        setup.partners[0].discountPpm = discount;
        setup.partners[0].commissionPpm = commission;
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        uint256 leftByPartner = uint256(1e6 - discount) * (1e6 - commission);
        assertEq(sale.priceAfterRebates(0), min(leftByPartner, 7e11), "least");
    }

    function test_LS7_theDiscountComesBeforeTheCommissionToTheUnit() public {
        ILicenseSale.Setup memory setup = setupOf();
        setup.tiers[0].price = 15;
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        assertEq(sale.priceAfterRebates(0), 12, "15 less a tenth, less a fifth"); // the other way round it were 11
    }

    function testFuzz_LS7_noSetupGivesMoreThanHalfAway(uint32 discount, uint32 commission, bool partner) public {
        ILicenseSale.Setup memory setup = setupOf();
        commission = uint32(bound(commission, discount >= 500_000 ? 1 : 500_001 - discount, type(uint32).max));
        if (partner) {
            setup.partners[0].discountPpm = discount;
            setup.partners[0].commissionPpm = commission;
        } else {
            (setup.discountPpm, setup.commissionPpm) = (discount, commission);
        }
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseSale.RebateAboveMaximum.selector, discount, commission, 500_000)
        );
        LicenseSale(deploy("LicenseSale", abi.encode(setup)));
    }

    function test_LS8_aReferrerIsNeitherPayerNorReceiver() public {
        ILicenseSale.Order memory order = orderFor(ALICE, 1);
        order.referrer = REFERRER;
        fund(REFERRER, 1e18);
        vm.prank(REFERRER);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.SelfReferral.selector, REFERRER));
        sale.buy(order);
        order.to = REFERRER;
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.SelfReferral.selector, REFERRER));
        sale.buy(order);
    }

    function testFuzz_LS8_aReferrerWasThereInAnEarlierSecond(address referrer) public {
        vm.assume(referrer != ALICE && referrer != REFERRER && referrer != PARTNER && uint96(uint160(referrer)) != 0);
        ILicenseSale.Order memory order = orderFor(ALICE, 1);
        order.referrer = referrer;
        fund(ALICE, 1e18);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.ReferrerNotEarlier.selector, referrer, 0));
        sale.buy(order);
        vm.prank(referrer);
        sale.register();
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.ReferrerNotEarlier.selector, referrer, PUBLIC_OPENS));
        sale.buy(order);
        vm.warp(PUBLIC_OPENS + 1);
        vm.prank(ALICE);
        sale.buy(order);
    }

    function test_LS8_everyIdOfAPurchaseHasItsReferrer() public {
        ILicenseSale.Order memory order = orderFor(ALICE, 3);
        order.referrer = REFERRER;
        buy(ALICE, order);
        buy(BOB, 1);
        order.to = BOB;
        order.count = 1;
        order.referrer = PARTNER;
        buy(ALICE, order);
        address[5] memory expected = [REFERRER, REFERRER, REFERRER, address(0), PARTNER];
        for (uint256 id = 0; id < 5; id++) assertTrue(sale.referrerOf(id) == expected[id], "referrer");
    }

    /// @dev Else the commission of one would be cancelled with the refunds of the other.
    function test_LS8_noTwoReferrersShareAMark() public {
        address twin = address(uint160(REFERRER) | uint160(1 << 159));
        vm.prank(twin);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.MarkTaken.selector, twin, REFERRER));
        sale.register();
        address unmarked = address(uint160(1 << 159));
        vm.prank(unmarked);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.MarkTaken.selector, unmarked, address(0)));
        sale.register();
    }

    function test_LS8_theReferrerStandsInTheEvent() public {
        ILicenseSale.Order memory order = orderFor(ALICE, 1);
        order.referrer = PARTNER;
        (uint256 cost, uint256 commission) = sale.quote(1, PARTNER);
        fund(BOB, 1e18);
        vm.expectEmit();
        emit ILicenseSale.Bought(ALICE, BOB, PARTNER, 0, 1, cost, commission);
        vm.prank(BOB);
        sale.buy(order);
    }

    function test_LS8_nobodyRegistersTwice() public {
        vm.prank(PARTNER);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseSale.AlreadyRegistered.selector, PARTNER, LISTED_OPENS - 1000)
        );
        sale.register();
    }

    function testFuzz_LS4_proceedsAndCommissionsWaitForTheRefundEnd(uint256 time) public {
        ILicenseSale.Order memory order = orderFor(ALICE, 5);
        order.referrer = REFERRER;
        (, uint256 cost) = buy(ALICE, order);
        uint256 owed = sale.commissions();
        time = bound(time, PUBLIC_OPENS, REFUND_END - 1);
        vm.warp(time);
        bytes memory early = abi.encodeWithSelector(ILicenseSale.RefundStillPossible.selector, REFUND_END);
        vm.expectRevert(early);
        sale.collect();
        vm.prank(REFERRER);
        vm.expectRevert(early);
        sale.takeCommission(REFERRER);
        vm.warp(REFUND_END);
        assertEq(sale.collect(), cost - owed, "proceeds");
        assertEq(sale.collect(), 0, "again");
        vm.prank(REFERRER);
        assertEq(sale.takeCommission(BOB), owed, "commission");
        vm.prank(REFERRER);
        assertEq(sale.takeCommission(BOB), 0, "commission again");
        assertEq(token.balanceOf(TREASURY), cost - owed, "treasury");
        assertEq(token.balanceOf(BOB), owed, "taken");
        assertEq(token.balanceOf(address(sale)), 0, "left");
    }

    function test_whatTheSaleDoesIsTold() public {
        vm.warp(LISTED_OPENS - 1);
        vm.expectEmit();
        emit ILicenseSale.AllowlistPublished(LISTED, bytes32(uint256(1)));
        vm.prank(GOVERNOR);
        sale.publishAllowlist(LISTED, bytes32(uint256(1)));
        vm.expectEmit();
        emit ILicenseSale.ReferrerRegistered(BOB, 50_000, 150_000);
        vm.prank(BOB);
        sale.register();
        vm.warp(PUBLIC_OPENS);
        ILicenseSale.Order memory order = orderFor(ALICE, 2);
        order.referrer = PARTNER;
        buy(ALICE, order);
        uint256 cost = 125_900_001 - 12_590_000;
        vm.expectEmit();
        emit ILicenseSale.Refunded(1, ALICE, cost, cost - cost * 30_000 / 1e6);
        vm.prank(ALICE);
        sale.refund(one(1), BOB);
        vm.warp(REFUND_END);
        uint256 commission = cost * 200_000 / 1e6;
        vm.expectEmit();
        emit ILicenseSale.CommissionTaken(PARTNER, BOB, commission);
        vm.prank(PARTNER);
        sale.takeCommission(BOB);
        vm.expectEmit();
        emit ILicenseSale.Collected(cost - commission + cost * 30_000 / 1e6);
        sale.collect();
    }

    function test_aPauseStopsBuyingAlone() public {
        buy(ALICE, 1);
        pauseSale();
        fund(BOB, 1e18);
        vm.prank(BOB);
        vm.expectRevert(ILicenseSale.SalePaused.selector);
        sale.buy(orderFor(BOB, 1));
        vm.prank(ALICE);
        sale.refund(one(0), ALICE);
        vm.warp(PUBLIC_OPENS + 50_000);
        buy(BOB, 1);
    }

    function test_aTokenThatTakesAFeeIsRefused() public {
        setUpSale(new FeeToken());
        vm.warp(PUBLIC_OPENS);
        fund(ALICE, 1e18);
        uint256 cost = sale.price(0);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.ReceivedLess.selector, cost - cost / 100, cost));
        sale.buy(orderFor(ALICE, 1));
    }

    function test_aTokenThatSaysFalseIsRefused() public {
        setUpSale(new FalseToken());
        vm.warp(PUBLIC_OPENS);
        fund(ALICE, 1e18);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        sale.buy(orderFor(ALICE, 1));
    }

    /// @dev The token hands control to a holder of licences in the middle of a payment, who tries each way back in.
    function testFuzz_LS3_reentryDuringBuyOrRefundFails(uint256 way, bool duringRefund) public {
        ReentrantToken reentrant = new ReentrantToken();
        setUpSale(reentrant);
        vm.warp(PUBLIC_OPENS);
        HostileHolder holder = new HostileHolder();
        buy(ALICE, orderFor(address(holder), 3));
        fund(BOB, 1e18);
        fund(address(holder), 1e18);
        bytes memory call = [
            abi.encodeCall(sale.refund, (one(0), address(holder))),
            abi.encodeCall(sale.buy, (orderFor(address(holder), 1))),
            abi.encodeCall(sale.collect, ()),
            abi.encodeCall(sale.takeCommission, (address(holder)))
        ][way % 4];
        reentrant.arm(address(holder), abi.encodeCall(holder.act, (address(sale), call)));
        if (duringRefund) {
            holder.act(address(sale), abi.encodeCall(sale.refund, (one(1), address(holder))));
        } else {
            vm.prank(BOB);
            sale.buy(orderFor(BOB, 1));
        }
        assertTrue(reentrant.called(), "called");
        assertTrue(!reentrant.succeeded(), "succeeded");
        assertEq(license.minted(), duringRefund ? 3 : 4, "minted");
        assertEq(license.balanceOf(address(holder)), duringRefund ? 2 : 3, "holder");
    }

    function test_LS3_aTokenThatCallsBackCollectsNoCommissionOfOthers() public {
        ReentrantToken reentrant = new ReentrantToken();
        setUpSale(reentrant);
        vm.prank(REFERRER);
        sale.register();
        vm.warp(PUBLIC_OPENS);
        ILicenseSale.Order memory order = orderFor(ALICE, 1);
        order.referrer = REFERRER;
        buy(ALICE, order);
        order.referrer = PARTNER;
        buy(ALICE, order);
        vm.warp(REFUND_END);
        reentrant.arm(address(sale), abi.encodeCall(sale.collect, ()));
        vm.prank(REFERRER);
        sale.takeCommission(REFERRER);
        assertTrue(reentrant.called() && !reentrant.succeeded(), "called back, in vain");
        sale.collect();
        assertEq(token.balanceOf(address(sale)), sale.commissions(), "the other's is there");
    }

    function testFuzz_LS1_noOtherIdHasAPrice(uint256 id) public {
        expectNoPrice(40);
        expectNoPrice(bound(id, 40, type(uint256).max));
    }

    function expectNoPrice(uint256 id) private {
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.NoSuchLicence.selector, id, 40));
        sale.price(id);
    }

    function test_whatIsSoldIsVisible() public view {
        ILicenseSale.Phase[] memory phases = sale.phases();
        assertEq(phases.length, 2, "phases");
        assertEq(phases[LISTED].opensAt, LISTED_OPENS, "opens");
        assertEq(phases[LISTED].closesAt, PUBLIC_OPENS, "closes");
        assertTrue(phases[LISTED].allowlist && !phases[PUBLIC].allowlist, "allowlist");
        assertTrue(keccak256(bytes(license.name())) == keccak256("Coop licence"), "name");
        assertTrue(keccak256(bytes(license.symbol())) == keccak256("COOPL"), "symbol");
    }

    function test_theSaleMayLastToTheRefundEndAndTheLockLastsLonger() public {
        ILicenseSale.Setup memory setup = setupOf();
        setup.refundEnd = SALE_END;
        deploy("LicenseSale", abi.encode(setup));
        setup.phases[LISTED].closesAt = SALE_END + 1; // whichever phase is the last to close
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseSale.DatesOutOfOrder.selector, SALE_END + 1, SALE_END, LOCK_END)
        );
        deploy("LicenseSale", abi.encode(setup));
        setup.phases[LISTED].closesAt = PUBLIC_OPENS;
        setup.lockEnd = SALE_END;
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseSale.DatesOutOfOrder.selector, SALE_END, SALE_END, SALE_END)
        );
        deploy("LicenseSale", abi.encode(setup));
    }

    function test_aBlockedPayeeHurtsOnlyHimself() public {
        BlacklistToken listed = new BlacklistToken();
        setUpSale(listed);
        vm.prank(REFERRER);
        sale.register();
        vm.warp(PUBLIC_OPENS);
        ILicenseSale.Order memory order = orderFor(ALICE, 2);
        order.referrer = REFERRER;
        buy(ALICE, order);
        buy(BOB, 1);
        listed.setBlocked(ALICE, true);
        listed.setBlocked(REFERRER, true);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(BlacklistToken.Blocked.selector, ALICE));
        sale.refund(one(0), ALICE);
        sale.refund(one(0), address(0xbeef));
        vm.stopPrank();
        vm.prank(BOB);
        sale.refund(one(2), BOB);
        vm.warp(REFUND_END);
        sale.collect();
        vm.prank(REFERRER);
        sale.takeCommission(address(0xbeef));
        assertEq(token.balanceOf(address(sale)), 0, "left");
    }

    function testFuzz_datesStandInOrder(uint64 refundEnd, uint64 lockEnd) public {
        vm.assume(refundEnd < SALE_END || lockEnd <= refundEnd);
        ILicenseSale.Setup memory setup = setupOf();
        (setup.refundEnd, setup.lockEnd) = (refundEnd, lockEnd);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseSale.DatesOutOfOrder.selector, SALE_END, refundEnd, lockEnd)
        );
        LicenseSale(deploy("LicenseSale", abi.encode(setup)));
    }

    function test_aSetupThatMakesNoSenseIsRefused() public {
        ILicenseSale.Setup memory setup = setupOf();
        setup.tiers = new ILicenseSale.Tier[](0);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.EmptyTier.selector, 0));
        LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        setup = setupOf();
        setup.refundFeePpm = 100_001;
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.RefundFeeAboveMaximum.selector, 100_001, 100_000));
        LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        setup = setupOf();
        setup.tiers[1].price = 0;
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.EmptyTier.selector, 1));
        LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        setup = setupOf();
        setup.tiers[2].count = 0;
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.EmptyTier.selector, 2));
        LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        setup = setupOf();
        setup.phases[1].opensAt = setup.phases[1].closesAt;
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.PhaseNeverOpen.selector, 1));
        LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        setup = setupOf();
        (setup.discountPpm, setup.commissionPpm) = (0, 0);
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        vm.expectRevert(ILicenseSale.ReferralsClosed.selector);
        sale.register();
    }

    /// @dev Prices at the edge of 128 bits: sums of commissions still fit, or the sale is not deployed.
    function testFuzz_extremePricesNeverOverflowASum(uint128 price, uint64 count) public {
        ILicenseSale.Setup memory setup = setupOf();
        setup.tiers = new ILicenseSale.Tier[](1);
        price = uint128(bound(price, 1, type(uint128).max));
        count = uint64(bound(count, 1, type(uint64).max));
        setup.tiers[0] = ILicenseSale.Tier({count: count, price: price, capPerAddress: 0});
        if (uint256(price) * count > type(uint128).max) {
            vm.expectRevert();
            LicenseSale(deploy("LicenseSale", abi.encode(setup)));
            return;
        }
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        ILicenseSale.Order memory order = orderFor(ALICE, min(count, 256));
        order.referrer = PARTNER;
        token.mint(BOB, type(uint128).max);
        vm.warp(PUBLIC_OPENS + 1);
        vm.startPrank(BOB);
        token.approve(address(sale), type(uint256).max);
        sale.buy(order);
        vm.stopPrank();
        vm.prank(ALICE);
        sale.refund(span(0, order.count), ALICE);
        assertEq(sale.commissions(), 0, "cancelled");
    }

    /// @dev Sells `count` licences to accounts that nobody else uses, none above its cap.
    function advanceTo(uint256 count) private {
        while (license.minted() < count) {
            uint256 sold = license.minted();
            buy(address(uint160(0xf000 + sold)), min(5, count - sold));
        }
    }

    function assertBought(address account, uint256 tier, uint256 count) private view {
        (uint256 lastTier, uint256 inLastTier) = sale.boughtInLastTier(account);
        assertEq(lastTier, tier, "last tier");
        assertEq(inLastTier, count, "of the last tier");
    }

    function countBelow(uint256 start, uint256 count, uint256 end) private pure returns (uint256) {
        return start >= end ? 0 : min(count, end - start);
    }

    function publishListOfTwo(address account, uint256 allocation) private returns (bytes32[] memory proof) {
        bytes32 leaf = keccak256(
            bytes.concat(keccak256(abi.encode(block.chainid, address(sale), LISTED, account, allocation)))
        );
        proof = new bytes32[](1);
        proof[0] = keccak256("the other leaf");
        (bytes32 left, bytes32 right) = leaf < proof[0] ? (leaf, proof[0]) : (proof[0], leaf);
        vm.warp(LISTED_OPENS - 1);
        vm.prank(GOVERNOR);
        sale.publishAllowlist(LISTED, keccak256(bytes.concat(left, right)));
        vm.warp(LISTED_OPENS);
    }

    function expectNotListed(uint256 phase, address account, uint256 allocation, bytes32[] memory proof) private {
        ILicenseSale.Order memory order = orderFor(account, 1);
        (order.phase, order.allocation, order.proof) = (phase, allocation, proof);
        fund(BOB, 1e18);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(ILicenseSale.NotListed.selector, phase, account, allocation));
        sale.buy(order);
    }

    function min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
