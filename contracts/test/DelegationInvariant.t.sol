// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Delegation} from "../src/Delegation.sol";
import {License} from "../src/License.sol";
import {Test} from "./Vm.sol";

/// @dev Four wallets that are owners and operators at once do all they can with six licences. The test is the handler, and keeps of every
/// delegation what was agreed, which it holds against the register after each call.
contract DelegationInvariantTest is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    struct Agreed {
        address operator;
        uint32 commissionPpm;
        uint64 expiry;
    }

    uint64 private constant START = 1_000_000;
    uint64 private constant NOTICE = 7 days;
    uint64 private constant TERM_MAX = 60 days;
    uint32 private constant MAX = 300_000;
    uint32 private constant STEP = 50_000;
    uint256 private constant IDS = 6;
    License private license;
    Delegation private delegation;
    mapping(uint256 id => Agreed agreed) private agreed;
    bool private broken;

    function setUp() public {
        vm.warp(START);
        license = License(deploy("License", abi.encode("Coop licence", "COOPL", address(this), IDS, START, START)));
        delegation = Delegation(deploy("Delegation", abi.encode(license, MAX, STEP, NOTICE, TERM_MAX)));
        license.mint(walletOf(0), IDS, 0, 0);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = this.doDelegate.selector;
        selectors[1] = this.doDelegate.selector;
        selectors[2] = this.doDelegate.selector;
        selectors[3] = this.doEnd.selector;
        selectors[4] = this.doState.selector;
        selectors[5] = this.doOpen.selector;
        selectors[6] = this.doTransfer.selector;
        selectors[7] = this.doPass.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(this), selectors: selectors});
    }

    /// @dev Mostly by the owner, on the operator's terms, so that most succeed.
    function doDelegate(uint256 id, uint256 who, uint256 operator, uint256 most, uint256 term) external {
        id = id % IDS;
        address owner = license.ownerOf(id);
        address caller = who % 4 == 0 ? walletOf(who >> 8) : owner;
        address to = walletOf(operator);
        (uint32 stated, bool open) = delegation.termsOf(to);
        uint32 commissionPpmMax = most % 4 == 0 ? uint32(most >> 8) % MAX : MAX;
        uint64 expiry = uint64(block.timestamp + term % (TERM_MAX + 2 days));
        vm.prank(caller);
        try delegation.delegate(one(id), to, commissionPpmMax, expiry) {
            if (caller != owner || !open || stated > commissionPpmMax) broken = true;
            if (expiry <= block.timestamp || expiry > block.timestamp + TERM_MAX) broken = true;
            agreed[id] = Agreed({operator: to, commissionPpm: stated, expiry: expiry});
        } catch {}
    }

    function doEnd(uint256 id, uint256 who) external {
        id = id % IDS;
        vm.prank(walletOf(who));
        try delegation.end(one(id)) {
            bool isParty = walletOf(who) == license.ownerOf(id) || walletOf(who) == agreed[id].operator;
            if (stands(id) && !isParty) broken = true;
            delete agreed[id];
        } catch {}
    }

    function doState(uint256 who, uint256 commissionPpm) external {
        (uint32 before,) = delegation.termsOf(walletOf(who));
        vm.prank(walletOf(who));
        try delegation.setCommission(uint32(commissionPpm % (MAX + STEP))) {
            (uint32 current,) = delegation.termsOf(walletOf(who));
            if (current > MAX) broken = true;
            // Only the very first statement may be higher than what held before, which then is nothing.
            if (before > 0 && current > before) broken = true;
        } catch {}
    }

    function doOpen(uint256 who, bool open) external {
        vm.prank(walletOf(who));
        try delegation.setOpen(open) {} catch {}
    }

    function doTransfer(uint256 id, uint256 to) external {
        id = id % IDS;
        address owner = license.ownerOf(id);
        vm.prank(owner);
        license.transferFrom(owner, walletOf(to), id);
        delete agreed[id];
    }

    function doPass(uint256 time) external {
        vm.warp(block.timestamp + time % (NOTICE + 1 days));
    }

    function invariant_everyStepDidWhatItMay() public view {
        assertTrue(!broken, "a step did what it may not");
    }

    function invariant_D1_D2_whatStandsIsWhatWasAgreed() public view {
        for (uint256 id = 0; id < IDS; ++id) {
            (address operator, uint32 commissionPpm, uint64 expiry) = delegation.operatorOf(id);
            bool live = agreed[id].operator != address(0) && block.timestamp < agreed[id].expiry;
            assertEq(uint160(operator), live ? uint160(agreed[id].operator) : 0, "operator");
            assertEq(commissionPpm, live ? agreed[id].commissionPpm : 0, "commission");
            assertEq(expiry, live ? agreed[id].expiry : 0, "expiry");
        }
    }

    function stands(uint256 id) private view returns (bool) {
        return agreed[id].operator != address(0) && block.timestamp < agreed[id].expiry;
    }

    function one(uint256 id) private pure returns (uint256[] memory ids) {
        ids = new uint256[](1);
        ids[0] = id;
    }

    function walletOf(uint256 n) private pure returns (address) {
        return address(uint160(0xc0a1 + n % 4));
    }
}
