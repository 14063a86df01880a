// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Delegation} from "../src/Delegation.sol";
import {License} from "../src/License.sol";
import {IDelegation} from "../src/interfaces/IDelegation.sol";
import {ILicense} from "../src/interfaces/ILicense.sol";
import {Test} from "./Vm.sol";

/// @dev The test contract is the sale. Numbers are those of INVARIANTS.md.
contract DelegationTest is Test {
    uint64 internal constant START = 1_000_000;
    uint64 internal constant NOTICE = 7 days;
    uint64 internal constant TERM_MAX = 365 days;
    uint32 internal constant MAX = 300_000;
    uint32 internal constant STEP = 50_000;
    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    address internal constant OPERATOR = address(0x09e7);
    License internal license;
    Delegation internal delegation;

    function setUp() public {
        vm.warp(START);
        license = License(deploy("License", abi.encode("Coop licence", "COOPL", address(this), 1_000, START, START)));
        delegation = Delegation(deploy("Delegation", abi.encode(license, MAX, STEP, NOTICE, TERM_MAX)));
        license.mint(ALICE, 150, 0, 0);
        vm.startPrank(OPERATOR);
        delegation.setCommission(100_000);
        delegation.setOpen(true);
        vm.stopPrank();
    }

    function testFuzz_D1_aDelegationStandsUntilItExpires(uint64 expiry, uint256 time) public {
        expiry = uint64(bound(expiry, START + 1, START + TERM_MAX));
        delegate(7, expiry);
        time = bound(time, START, START + 2 * TERM_MAX);
        vm.warp(time);
        assertTrue(stands(7) == (time < expiry), "stands");
        assertTrue(!stands(8), "its neighbour");
    }

    function test_D1_aTransferEndsItAlsoThereAndBack() public {
        delegate(7, START + TERM_MAX);
        transfer(ALICE, BOB, 7);
        assertTrue(!stands(7), "moved");
        transfer(BOB, ALICE, 7);
        assertTrue(!stands(7), "and back");
        delegate(7, START + TERM_MAX);
        assertTrue(stands(7), "delegated again");
    }

    function test_D1_givingALicenceBackEndsIt() public {
        license = License(deploy("License", abi.encode("Coop licence", "COOPL", address(this), 10, START + 1, START + 2)));
        delegation = Delegation(deploy("Delegation", abi.encode(license, MAX, STEP, NOTICE, TERM_MAX)));
        license.mint(ALICE, 1, 0, 0);
        vm.startPrank(OPERATOR);
        delegation.setCommission(0);
        delegation.setOpen(true);
        vm.stopPrank();
        delegate(0, START + TERM_MAX);
        license.burn(0, ALICE);
        assertTrue(!stands(0), "burnt");
    }

    function testFuzz_D1_anExpiryLiesAheadAndWithinTheLongestTerm(uint64 expiry) public {
        vm.assume(expiry <= START || expiry > START + TERM_MAX);
        expectExpiryRefused(expiry);
        expectExpiryRefused(START);
        expectExpiryRefused(START + TERM_MAX + 1);
    }

    function expectExpiryRefused(uint64 expiry) private {
        vm.prank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDelegation.ExpiryOutOfBounds.selector, expiry, START + 1, uint256(START) + TERM_MAX
            )
        );
        delegation.delegate(ids(7, 1), OPERATOR, MAX, expiry);
    }

    function test_D1_aClosedOrUnknownOperatorGetsNone() public {
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.NotOpen.selector, BOB));
        delegation.delegate(ids(7, 1), BOB, MAX, START + 1);
        vm.stopPrank();
        delegate(7, START + TERM_MAX);
        vm.prank(OPERATOR);
        delegation.setOpen(false);
        assertTrue(stands(7), "what stands is not closed");
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.NotOpen.selector, OPERATOR));
        delegation.delegate(ids(8, 1), OPERATOR, MAX, START + 1);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.NoCommissionStated.selector, BOB));
        delegation.setOpen(true);
    }

    function testFuzz_D2_standingTermsKeepTheirCommission(uint32 stated, uint256 time) public {
        delegate(7, START + TERM_MAX);
        setCommission(uint32(bound(stated, 0, 150_000)));
        vm.warp(bound(time, START, START + TERM_MAX - 1));
        (, uint32 commission,) = delegation.operatorOf(7);
        assertEq(commission, 100_000, "commission");
    }

    function testFuzz_D2_noDearerThanTheOwnerExpects(uint32 most) public {
        most = uint32(bound(most, 0, 99_999));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.CommissionAboveMaximum.selector, 100_000, most));
        delegation.delegate(ids(7, 1), OPERATOR, most, START + 1);
    }

    function testFuzz_D3_aRaiseStartsAfterTheNotice(uint32 raised, uint256 time) public {
        raised = uint32(bound(raised, 100_001, 100_000 + STEP));
        setCommission(raised);
        (uint32 announced, uint64 from) = delegation.announcedBy(OPERATOR);
        assertEq(announced, raised, "announced");
        assertEq(from, START + NOTICE, "from");
        time = bound(time, START, START + 2 * NOTICE);
        vm.warp(time);
        (uint32 commission,) = delegation.termsOf(OPERATOR);
        assertEq(commission, time < from ? 100_000 : raised, "commission");
        if (time >= from) (announced, from) = delegation.announcedBy(OPERATOR);
        if (time >= from) assertEq(announced, 0, "nothing is left announced");
    }

    function testFuzz_D3_aRaiseIsAtMostOneStep(uint32 raised) public {
        raised = uint32(bound(raised, 100_001 + STEP, MAX));
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.RaiseAboveStep.selector, raised, 100_000, STEP));
        delegation.setCommission(raised);
    }

    function testFuzz_D3_neverAboveTheMaximum(uint32 raised) public {
        raised = uint32(bound(raised, MAX + 1, type(uint32).max));
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.CommissionAboveMaximum.selector, raised, MAX));
        delegation.setCommission(raised);
    }

    function test_D3_aStepIsCountedFromWhatHoldsNow() public {
        setCommission(150_000);
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.RaiseAboveStep.selector, 200_000, 100_000, STEP));
        delegation.setCommission(200_000);
        vm.warp(START + NOTICE);
        setCommission(200_000);
        (uint32 commission,) = delegation.termsOf(OPERATOR);
        assertEq(commission, 150_000, "the first raise holds while the second is announced");
    }

    function test_D1_itIsOverInTheSecondOfItsExpiry() public {
        delegate(7, START + 5);
        vm.warp(START + 4);
        assertTrue(stands(7), "before");
        vm.warp(START + 5);
        assertTrue(!stands(7), "then");
    }

    function test_D3_closingIsNoWayAroundTheNotice() public {
        vm.startPrank(OPERATOR);
        delegation.setOpen(false);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.RaiseAboveStep.selector, MAX, 100_000, STEP));
        delegation.setCommission(MAX);
        delegation.setCommission(120_000);
        delegation.setOpen(true);
        vm.stopPrank();
        (uint32 commission,) = delegation.termsOf(OPERATOR);
        assertEq(commission, 100_000, "commission");
    }

    /// @dev Whatever he states, whenever: at no instant is it higher than steps and notices since the start allow.
    function testFuzz_D3_noSequenceOfStatementsRisesFaster(uint256 seed) public {

        for (uint256 i = 0; i < 30; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + seed % (NOTICE / 2));
            (uint32 before,) = delegation.termsOf(OPERATOR);
            uint32 stated = uint32(bound(seed >> 64, 0, before + STEP));
            vm.prank(OPERATOR);
            try delegation.setCommission(stated) {} catch {}
            (uint32 current,) = delegation.termsOf(OPERATOR);
            assertLe(current, before, "a statement raised at once");
            uint256 highest = 100_000 + STEP * ((block.timestamp - START) / NOTICE);
            assertLe(current, highest, "too fast");
        }
    }

    function testFuzz_D3_aLowerStatementHoldsAtOnceAndTakesTheRaiseBack(uint32 lower) public {
        setCommission(120_000);
        lower = uint32(bound(lower, 0, 100_000));
        setCommission(lower);
        vm.warp(START + NOTICE);
        (uint32 commission,) = delegation.termsOf(OPERATOR);
        assertEq(commission, lower, "commission");
    }

    function test_D4_anOperatorCanDoNothingWithALicence() public {
        delegate(7, START + TERM_MAX);
        vm.startPrank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, OPERATOR, 7));
        license.transferFrom(ALICE, OPERATOR, 7);
        vm.expectRevert(abi.encodeWithSelector(ILicense.NotOwner.selector, 7, OPERATOR, ALICE));
        license.activate(ids(7, 1));
        vm.stopPrank();
        assertTrue(license.getApproved(7) == address(0), "approved");
        assertTrue(!license.isApprovedForAll(ALICE, address(delegation)), "approved for all");
    }

    function testFuzz_D5_onlyTheOwnerDelegates(address caller) public {
        vm.assume(caller != ALICE && caller != address(0));
        vm.prank(ALICE);
        license.setApprovalForAll(caller, true);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.NotOwner.selector, 7, caller, ALICE));
        delegation.delegate(ids(7, 1), OPERATOR, MAX, START + 1);
    }

    function testFuzz_D5_bothEndItAtOnceAndNobodyElse(address caller) public {
        delegate(7, START + TERM_MAX);
        vm.prank(caller);
        if (caller != ALICE && caller != OPERATOR) {
            vm.expectRevert(abi.encodeWithSelector(IDelegation.NeitherOwnerNorOperator.selector, 7, caller));
        }
        delegation.end(ids(7, 1));
        vm.prank(ALICE);
        delegation.end(ids(7, 1));
        assertTrue(!stands(7), "ended by the owner");
        delegate(7, START + TERM_MAX);
        vm.prank(OPERATOR);
        delegation.end(ids(7, 1));
        assertTrue(!stands(7), "ended by the operator");
    }

    function test_D5_anOwnerTakesHisLicencesFromOneOperatorToAnother() public {
        delegate(7, START + TERM_MAX);
        vm.startPrank(BOB);
        delegation.setCommission(10_000);
        delegation.setOpen(true);
        vm.stopPrank();
        vm.prank(ALICE);
        delegation.delegate(ids(7, 1), BOB, 10_000, START + 5);
        (address operator, uint32 commission, uint64 expiry) = delegation.operatorOf(7);
        assertEq(uint160(operator), uint160(BOB), "operator");
        assertEq(commission, 10_000, "commission");
        assertEq(expiry, START + 5, "expiry");
    }

    function test_aHundredAtOnceAndEndingPassesOverWhatNobodyRuns() public {
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.TooMany.selector, 101, 100));
        delegation.delegate(ids(0, 101), OPERATOR, MAX, START + 1);
        delegation.delegate(ids(20, 100), OPERATOR, MAX, START + 1);
        delegation.end(ids(0, 100));
        vm.expectRevert(abi.encodeWithSelector(IDelegation.TooMany.selector, 101, 100));
        delegation.end(ids(0, 101));
        assertTrue(!stands(20) && !stands(99) && stands(100) && stands(119), "stands");
        vm.stopPrank();
        vm.prank(BOB);
        delegation.end(ids(20, 1));
    }

    function test_D3_statingWhatHoldsTakesARaiseBack() public {
        setCommission(120_000);
        setCommission(100_000);
        (, uint64 from) = delegation.announcedBy(OPERATOR);
        assertEq(from, 0, "nothing is announced");
        vm.warp(START + NOTICE);
        (uint32 commission,) = delegation.termsOf(OPERATOR);
        assertEq(commission, 100_000, "commission");
    }

    function test_D3_fromItsInstantOnARaiseIsNoLongerAnnounced() public {
        setCommission(120_000);
        vm.warp(START + NOTICE);
        (uint32 commission,) = delegation.termsOf(OPERATOR);
        (uint32 announced, uint64 from) = delegation.announcedBy(OPERATOR);
        assertEq(commission, 120_000, "commission");
        assertEq(announced + from, 0, "announced");
    }

    function test_D2_noCommissionIsMoreThanAllOfIt() public {
        Delegation all = Delegation(deploy("Delegation", abi.encode(license, 1_000_000, STEP, NOTICE, TERM_MAX)));
        assertEq(all.COMMISSION_PPM_MAX(), 1_000_000, "all");
        vm.expectRevert(abi.encodeWithSelector(IDelegation.CommissionAboveMaximum.selector, 1_000_001, 1_000_000));
        deploy("Delegation", abi.encode(license, 1_000_001, STEP, NOTICE, TERM_MAX));
    }

    function test_whatIsStatedDelegatedAndEndedIsTold() public {
        vm.startPrank(OPERATOR);
        vm.expectEmit();
        emit IDelegation.CommissionAnnounced(OPERATOR, 120_000, START + NOTICE);
        delegation.setCommission(120_000);
        vm.expectEmit();
        emit IDelegation.CommissionAnnounced(OPERATOR, 90_000, START);
        delegation.setCommission(90_000);
        vm.expectEmit();
        emit IDelegation.Opened(OPERATOR, true);
        delegation.setOpen(true);
        vm.stopPrank();
        vm.expectEmit();
        emit IDelegation.Delegated(ALICE, OPERATOR, ids(7, 2), 90_000, START + 5);
        vm.prank(ALICE);
        delegation.delegate(ids(7, 2), OPERATOR, MAX, START + 5);
        vm.expectEmit();
        emit IDelegation.Ended(7, OPERATOR, ALICE);
        vm.prank(ALICE);
        delegation.end(ids(7, 1));
    }

    function testFuzz_whatNobodyMintedHasNoOperator(uint256 id) public view {
        assertTrue(!stands(bound(id, 150, type(uint256).max)), "stands");
    }

    function delegate(uint256 id, uint64 expiry) private {
        vm.prank(ALICE);
        delegation.delegate(ids(id, 1), OPERATOR, 100_000, expiry);
    }

    function setCommission(uint32 commissionPpm) private {
        vm.prank(OPERATOR);
        delegation.setCommission(commissionPpm);
    }

    function transfer(address from, address to, uint256 id) private {
        vm.prank(from);
        license.transferFrom(from, to, id);
    }

    function stands(uint256 id) private view returns (bool) {
        (address operator,,) = delegation.operatorOf(id);
        return operator != address(0);
    }

    function ids(uint256 first, uint256 count) private pure returns (uint256[] memory list) {
        list = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = first + i;
        }
    }
}
