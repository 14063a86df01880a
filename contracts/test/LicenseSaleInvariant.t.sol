// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Names} from "../src/Names.sol";
import {ILicenseSale} from "../src/interfaces/ILicenseSale.sol";
import {SaleFixture} from "./SaleFixture.sol";
import {FreeToken} from "./hostile/FreeToken.sol";

/// @dev Any sequence of purchases, refunds, referrals, transfers, pauses and time by five wallets of one coalition and one outsider. The
/// test itself is the handler: what it counts beside the contract is held against the contract after every call.
contract LicenseSaleInvariantTest is SaleFixture {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant WALLETS = 5;
    address private constant OUTSIDER = address(0x0175);
    uint256 private constant PURSE = 1e12;

    uint256 private paidIn;
    uint256 private refunded;
    uint256 private commissionsPaid;
    uint256 private proceeds;
    uint256 private earnedFromOutsider;
    uint256 private highest;
    uint256 private live;
    mapping(uint256 id => uint256 cost) private costOf;
    mapping(uint256 id => uint256 moves) private movesOf;
    mapping(address account => mapping(uint256 tier => uint256 count)) private received;
    bool private broken;

    function setUp() public {
        setUpSale(new FreeToken(6));
        for (uint256 i = 0; i <= WALLETS; ++i) {
            fund(walletOf(i), PURSE);
        }
        vm.warp(PUBLIC_OPENS - 1);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = this.doBuy.selector;
        selectors[1] = this.doRefund.selector;
        selectors[2] = this.doRegister.selector;
        selectors[3] = this.doActivate.selector;
        selectors[4] = this.doTransfer.selector;
        selectors[5] = this.doCollect.selector;
        selectors[6] = this.doTakeCommission.selector;
        selectors[7] = this.doPass.selector;
        selectors[8] = this.doPause.selector;
        selectors[9] = this.doBuy.selector;
        selectors[10] = this.doPass.selector;
        selectors[11] = this.doTransfer.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(this), selectors: selectors});
    }

    function doBuy(uint256 payer, uint256 to, uint256 count, uint256 referrer) external {
        ILicenseSale.Order memory order = orderFor(walletOf(to), 1 + count % 7);
        order.referrer = [address(0), PARTNER, walletOf(referrer), walletOf(referrer + 1)][referrer % 4];
        (bool known, uint256 expected, uint256 commission) = quoted(order);
        vm.prank(walletOf(payer));
        try sale.buy(order) returns (uint256 first, uint256 cost) {
            if (!known || cost != expected || first != highest) broken = true;
            if (order.referrer == walletOf(payer) || order.referrer == order.to) broken = true;
            // A licence that the outsider pays for a wallet of the coalition is a gift: it may be given back for his money.
            if (walletOf(payer) == OUTSIDER) earnedFromOutsider += order.to == OUTSIDER ? commission : cost + commission;
            paidIn += cost;
            live += order.count;
            for (highest = first; highest < first + order.count; ++highest) {
                costOf[highest] = netOf(highest, order.referrer);
                ++received[order.to][sale.tierOf(highest)];
            }
        } catch {}
    }

    function doRefund(uint256 id, uint256 caller, uint256 to) external {
        if (highest == 0) return;
        id = id % highest;
        address owner = ownerOf(id);
        address as_ = caller % 8 == 0 ? walletOf(caller) : owner;
        bool activated = license.activated(id);
        address payee = walletOf(to);
        vm.prank(as_);
        try sale.refund(one(id), payee) returns (uint256 paid) {
            if (as_ != owner || activated || block.timestamp >= REFUND_END) broken = true;
            if (paid != costOf[id] - costOf[id] * 30_000 / 1e6) broken = true;
            if (owner == OUTSIDER && payee != OUTSIDER) earnedFromOutsider += paid;
            refunded += paid;
            --live;
            ++movesOf[id];
        } catch {
            // Whoever owns what is not activated is refunded, whatever else happened.
            if (as_ == owner && owner != address(0) && !activated && block.timestamp < REFUND_END) broken = true;
        }
    }

    function doRegister(uint256 who) external {
        vm.prank(walletOf(who));
        try sale.register() {} catch {}
    }

    function doActivate(uint256 id, uint256 who) external {
        if (highest == 0) return;
        vm.prank(walletOf(who));
        try license.activate(one(id % highest)) {} catch {}
    }

    function doTransfer(uint256 id, uint256 to) external {
        if (highest == 0) return;
        id = id % highest;
        address owner = ownerOf(id);
        if (owner == address(0)) return;
        vm.prank(owner);
        try license.transferFrom(owner, walletOf(to), id) {
            if (block.timestamp < LOCK_END) broken = true;
            ++movesOf[id];
        } catch {}
    }

    function doCollect() external {
        try sale.collect() returns (uint256 amount) {
            if (block.timestamp < REFUND_END) broken = true;
            proceeds += amount;
        } catch {}
    }

    function doTakeCommission(uint256 who) external {
        address referrer = who % 2 == 0 ? PARTNER : walletOf(who);
        vm.prank(referrer);
        try sale.takeCommission(referrer) returns (uint256 amount) {
            if (block.timestamp < REFUND_END) broken = true;
            commissionsPaid += amount;
        } catch {}
    }

    /// @dev Often minutes, so that much happens before the sale ends, or a day, so that the end of the lock is reached.
    function doPass(uint256 time) external {
        vm.warp(block.timestamp + (time % 2 == 0 ? time % 200_000 : time % 600));
    }

    function doPause(bool resume) external {
        vm.prank(GUARDIAN);
        if (resume) try policy.resume(Names.SALE) {} catch {}
        else try policy.pause(Names.SALE, 3_000) {} catch {}
    }

    function invariant_everyStepDidWhatItMay() public view {
        require(!broken, "a step did what it may not");
    }

    function invariant_L1_theIndexOnlyRisesToTheSupply() public view {
        assertEq(license.minted(), highest, "minted");
        assertLe(highest, license.SUPPLY(), "supply");
    }

    function invariant_L2_balancesAreTheLiveLicences() public view {
        uint256 sum = 0;
        for (uint256 i = 0; i <= WALLETS; ++i) {
            sum += license.balanceOf(walletOf(i));
        }
        assertEq(sum, live, "live");
    }

    function invariant_L5_everyChangeOfHandsCounts() public view {
        for (uint256 id = 0; id < highest; ++id) {
            assertEq(license.transferCount(id), movesOf[id], "moves");
        }
    }

    function invariant_LS3_moneyInIsMoneyHeldAndMoneyOut() public view {
        assertEq(paidIn, token.balanceOf(address(sale)) + refunded + commissionsPaid + proceeds, "money in");
    }

    function invariant_LS4_everyLiveLicenceIsCovered() public view {
        if (block.timestamp >= REFUND_END) return;
        uint256 due = 0;
        for (uint256 id = 0; id < highest; ++id) {
            if (ownerOf(id) != address(0)) due += costOf[id];
        }
        assertLe(due, token.balanceOf(address(sale)), "due");
    }

    function invariant_LS6_nobodyReceivedMoreThanACap() public view {
        for (uint256 i = 0; i <= WALLETS; ++i) {
            assertLe(received[walletOf(i)][0], 5, "first tier");
            assertLe(received[walletOf(i)][2], 20, "third tier");
        }
    }

    function invariant_LS7_everyLicenceCostHalfItsPriceAtLeast() public view {
        for (uint256 id = 0; id < highest; ++id) {
            assertLe(sale.price(id), 2 * costOf[id], "cost");
        }
    }

    function invariant_LS8_whatIsOwedToEachIsOwedToAllAndIsThere() public view {
        uint256 sum = owedTo(PARTNER);
        for (uint256 i = 0; i <= WALLETS; ++i) {
            sum += owedTo(walletOf(i));
        }
        assertEq(sum, sale.commissions(), "owed");
        assertLe(sum, token.balanceOf(address(sale)), "there");
    }

    /// @dev PARTNER counts as one of them.
    function invariant_LS9_theCoalitionIsNoRicher() public view {
        uint256 sum = token.balanceOf(PARTNER);
        for (uint256 i = 0; i < WALLETS; ++i) {
            sum += token.balanceOf(walletOf(i));
        }
        assertLe(sum, WALLETS * PURSE + earnedFromOutsider, "the coalition");
    }

    function quoted(ILicenseSale.Order memory order) private view returns (bool, uint256, uint256) {
        try sale.quote(order.count, order.referrer) returns (uint256 cost, uint256 commission) {
            return (true, cost, commission);
        } catch {
            return (false, 0, 0);
        }
    }

    function netOf(uint256 id, address referrer) private view returns (uint256) {
        (, uint32 discountPpm,,) = sale.referrers(referrer);
        return sale.price(id) - sale.price(id) * discountPpm / 1e6;
    }

    function owedTo(address account) private view returns (uint256 owed) {
        (,,, owed) = sale.referrers(account);
    }

    function ownerOf(uint256 id) private view returns (address owner) {
        (owner,) = license.ownerAndTransferCount(id);
    }

    function walletOf(uint256 n) private pure returns (address) {
        n = n % (WALLETS + 1);
        return n == WALLETS ? OUTSIDER : address(uint160(0xc0a1 + n));
    }
}
