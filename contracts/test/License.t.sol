// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {License} from "../src/License.sol";
import {ILicense} from "../src/interfaces/ILicense.sol";
import {HostileHolder} from "./hostile/HostileHolder.sol";
import {Test, Vm} from "./Vm.sol";

/// @dev The test contract is the sale. Numbers are those of INVARIANTS.md.
contract LicenseTest is Test {
    uint256 internal constant SUPPLY = 1_000;
    uint64 internal constant REFUND_END = 1_000;
    uint64 internal constant LOCK_END = 2_000;
    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    License internal license;

    function setUp() public {
        license = License(deploy("License", abi.encode("Coop licence", "COOPL", address(this), SUPPLY, REFUND_END, LOCK_END)));
        vm.warp(1);
    }

    function testFuzz_L1_idsGoUpwardToTheSupplyAndNoFurther(uint256 count) public {
        uint256 minted = 0;
        while (minted < SUPPLY) {
            count = bound(uint256(keccak256(abi.encode(count))), 1, min(256, SUPPLY - minted));
            assertEq(license.mint(ALICE, count, 0, 0), minted, "first");
            minted += count;
        }
        assertEq(license.minted(), SUPPLY, "minted");
        vm.expectRevert(abi.encodeWithSelector(ILicense.PastSupply.selector, SUPPLY, 1, SUPPLY));
        license.mint(ALICE, 1, 0, 0);
    }

    function testFuzz_aMarkIsThatOfItsPurchaseWhateverBecomesOfIt(uint96 mark, uint96 next) public {
        license.mint(ALICE, 3, 0, mark);
        license.mint(BOB, 1, 0, next);
        license.burn(0, ALICE);
        vm.warp(LOCK_END);
        vm.prank(ALICE);
        license.transferFrom(ALICE, BOB, 1);
        for (uint256 id = 0; id < 4; id++) assertEq(license.markOf(id), id < 3 ? mark : next, "mark");
        assertTrue(license.ownerOf(2) == ALICE, "and the owner beside it is untouched");
    }

    function testFuzz_L1_whatIsBurntIsNotMintedAgain(uint256 id) public {
        license.mint(ALICE, 10, 0, 0);
        license.burn(bound(id, 0, 9), ALICE);
        assertEq(license.mint(BOB, 1, 0, 0), 10, "next");
    }

    function testFuzz_L1_onlyTheSaleMintsAndBurns(address caller) public {
        vm.assume(caller != address(this) && caller != address(0));
        license.mint(caller, 1, 0, 0);
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(ILicense.NotSale.selector, caller));
        license.mint(caller, 1, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ILicense.NotSale.selector, caller));
        license.burn(0, caller);
    }

    function testFuzz_aPurchaseIsOneToTwoHundredAndFiftySix(uint256 count) public {
        expectBatchRefused(0);
        expectBatchRefused(bound(count, 257, type(uint256).max));
    }

    function expectBatchRefused(uint256 count) private {
        vm.expectRevert(abi.encodeWithSelector(ILicense.BatchSize.selector, count, 1, 256));
        license.mint(ALICE, count, 0, 0);
    }

    /// @dev Many purchases of all lengths over several words of the map, held against a plain list of owners.
    function testFuzz_L2_ownersAreThoseWhoBoughtThem(uint256 seed) public {
        address[] memory owners = new address[](SUPPLY);
        uint256[] memory firsts = new uint256[](SUPPLY);
        uint256 minted = 0;
        while (minted < SUPPLY) {
            seed = uint256(keccak256(abi.encode(seed)));
            // Half of the purchases are small, so that both many and few heads fall into one word.
            uint256 count = bound(seed >> 8, 1, min(seed % 2 == 0 ? 3 : 256, SUPPLY - minted));
            address buyer = address(uint160(1 + seed % 5));
            license.mint(buyer, count, 0, 0);
            for (uint256 i = 0; i < count; ++i) {
                (owners[minted + i], firsts[minted + i]) = (buyer, minted);
            }
            minted += count;
        }
        uint256[6] memory balances;
        for (uint256 id = 0; id < SUPPLY; ++id) {
            assertEq(uint160(license.ownerOf(id)), uint160(owners[id]), "owner");
            assertEq(license.batchOf(id), firsts[id], "batch");
            ++balances[uint160(owners[id])];
        }
        for (uint160 account = 1; account < 6; ++account) {
            assertEq(license.balanceOf(address(account)), balances[account], "balance");
        }
    }

    function testFuzz_L2_aTransferOrBurnOutOfTheMiddleLeavesTheNeighboursAlone(uint256 id, bool burnt) public {
        license.mint(ALICE, 200, 0, 0);
        license.mint(ALICE, 200, 0, 0);
        id = bound(id, 0, 399);
        if (burnt) {
            license.burn(id, ALICE);
        } else {
            vm.warp(LOCK_END);
            vm.prank(ALICE);
            license.transferFrom(ALICE, BOB, id);
        }
        for (uint256 other = 0; other < 400; ++other) {
            (address owner, uint256 transfers) = license.ownerAndTransferCount(other);
            address expected = other != id ? ALICE : burnt ? address(0) : BOB;
            assertEq(uint160(owner), uint160(expected), "owner");
            assertEq(transfers, other == id ? 1 : 0, "transfers");
        }
        assertEq(license.balanceOf(ALICE), 399, "alice");
        assertEq(license.balanceOf(BOB), burnt ? 0 : 1, "bob");
    }

    function testFuzz_L2_whatWasNotMintedHasNoOwner(uint256 id) public {
        license.mint(ALICE, 10, 0, 0);
        expectNothing(10);
        expectNothing(bound(id, 10, type(uint256).max));
    }

    function expectNothing(uint256 id) private {
        bytes memory missing = abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id);
        vm.expectRevert(missing);
        license.ownerOf(id);
        vm.expectRevert(missing);
        license.batchOf(id);
        assertTrue(!license.earns(id), "earns");
    }

    function testFuzz_L3_nothingMovesBeforeTheLockEnds(uint256 time, bool approved) public {
        license.mint(ALICE, 3, 0, 0);
        vm.warp(bound(time, 1, LOCK_END - 1));
        if (approved) {
            vm.prank(ALICE);
            license.setApprovalForAll(BOB, true);
        }
        vm.startPrank(approved ? BOB : ALICE);
        vm.expectRevert(abi.encodeWithSelector(ILicense.Locked.selector, 1, LOCK_END));
        license.transferFrom(ALICE, BOB, 1);
        vm.expectRevert(abi.encodeWithSelector(ILicense.Locked.selector, 1, LOCK_END));
        license.safeTransferFrom(ALICE, BOB, 1);
        vm.stopPrank();
        vm.warp(LOCK_END);
        vm.prank(approved ? BOB : ALICE);
        license.transferFrom(ALICE, BOB, 1);
    }

    function testFuzz_L4_earnsOnceActivatedOrPastTheRefundEnd(uint256 time) public {
        license.mint(ALICE, 3, 0, 0);
        time = bound(time, 1, 2 * REFUND_END);
        vm.prank(ALICE);
        license.activate(ids(1));
        license.burn(0, ALICE);
        vm.warp(time);
        assertTrue(!license.earns(0), "burnt");
        assertTrue(license.earns(1), "activated");
        assertTrue(license.earns(2) == (time >= REFUND_END), "waiting");
    }

    function test_L4_everyLicenceEarnsFromTheRefundEndOn() public {
        license.mint(ALICE, 1, 0, 0);
        vm.warp(REFUND_END - 1);
        assertTrue(!license.earns(0), "before");
        vm.warp(REFUND_END);
        assertTrue(license.earns(0), "then");
    }

    function test_L2_nobodyGetsNone() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        license.mint(address(0), 1, 0, 0);
    }

    function test_L1_eachOfAPurchaseIsToldAndNoOther() public {
        license.mint(ALICE, 5, 0, 0);
        vm.recordLogs();
        license.mint(BOB, 3, 0, 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 3, "events");
        for (uint256 n = 0; n < logs.length; ++n) {
            assertTrue(logs[n].topics[0] == IERC721.Transfer.selector, "transfer");
            assertEq(uint256(logs[n].topics[1]), 0, "from nobody");
            assertEq(uint256(logs[n].topics[2]), uint160(BOB), "to the buyer");
            assertEq(uint256(logs[n].topics[3]), 5 + n, "id");
        }
    }

    function test_L4_whatIsActivatedIsNotGivenBack() public {
        license.mint(ALICE, 1, 0, 0);
        vm.startPrank(ALICE);
        vm.expectEmit();
        emit ILicense.Activated(0);
        license.activate(ids(0));
        vm.recordLogs();
        license.activate(ids(0));
        vm.stopPrank();
        assertEq(vm.getRecordedLogs().length, 0, "told once");
        vm.expectRevert(abi.encodeWithSelector(ILicense.AlreadyActivated.selector, 0));
        license.burn(0, ALICE);
    }

    function testFuzz_L4_onlyTheOwnerActivatesNotEvenTheApproved(address caller) public {
        vm.assume(caller != ALICE && caller != address(0));
        license.mint(ALICE, 1, 0, 0);
        vm.prank(ALICE);
        license.setApprovalForAll(caller, true);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(ILicense.NotOwner.selector, 0, caller, ALICE));
        license.activate(ids(0));
    }

    function testFuzz_L5_everyTransferCounts(uint8 times) public {
        license.mint(ALICE, 2, 0, 0);
        vm.warp(LOCK_END);
        for (uint256 i = 0; i < times; ++i) {
            (address from, address to) = i % 2 == 0 ? (ALICE, BOB) : (BOB, ALICE);
            vm.prank(from);
            license.transferFrom(from, to, 1);
            assertEq(uint160(license.ownerOf(1)), uint160(to), "owner");
        }
        assertEq(license.transferCount(1), times, "moved");
        assertEq(license.transferCount(0), 0, "its neighbour");
        license.burn(0, ALICE);
        assertEq(license.transferCount(0), 1, "burnt");
    }

    function test_L5_aTransferToOneselfCountsToo() public {
        license.mint(ALICE, 1, 0, 0);
        vm.warp(LOCK_END);
        vm.prank(ALICE);
        license.transferFrom(ALICE, ALICE, 0);
        assertEq(license.transferCount(0), 1, "count");
        assertEq(license.balanceOf(ALICE), 1, "balance");
    }

    function test_L6_aReceiverIsNotCalled() public {
        HostileHolder holder = new HostileHolder();
        license.mint(address(holder), 5, 0, 0);
        assertEq(holder.received(), 0, "calls");
    }

    function test_approvalOfOneEndsWithItsTransfer() public {
        license.mint(ALICE, 2, 0, 0);
        vm.warp(LOCK_END);
        vm.prank(ALICE);
        license.approve(BOB, 1);
        vm.prank(BOB);
        license.transferFrom(ALICE, address(3), 1);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, BOB, 1));
        license.transferFrom(address(3), BOB, 1);
    }

    function test_burningAnotherOwnersIsRefused() public {
        license.mint(ALICE, 1, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ILicense.NotOwner.selector, 0, BOB, ALICE));
        license.burn(0, BOB);
    }

    function ids(uint256 id) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = id;
    }

    function min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
