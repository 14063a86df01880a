// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {License} from "../src/License.sol";
import {LicenseSale} from "../src/LicenseSale.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {ILicenseSale} from "../src/interfaces/ILicenseSale.sol";
import {PolicyFixture} from "./PolicyFixture.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {Test} from "./Vm.sol";

/// @dev A sale of 40 licences in three tiers, with a listed and an open phase, as most tests want it.
abstract contract SaleFixture is Test, PolicyFixture {
    uint64 internal constant LISTED_OPENS = 1_000_000;
    uint64 internal constant PUBLIC_OPENS = 1_100_000;
    uint64 internal constant SALE_END = 1_200_000;
    uint64 internal constant REFUND_END = 1_300_000;
    uint64 internal constant LOCK_END = 1_400_000;
    uint256 internal constant LISTED = 0;
    uint256 internal constant PUBLIC = 1;
    address internal constant TREASURY = address(0x7ea5);
    /// @dev A referrer with terms of his own, known from deployment on.
    address internal constant PARTNER = address(0xba27);

    FreeToken internal token;
    Policy internal policy;
    LicenseSale internal sale;
    License internal license;

    function setUpSale(FreeToken payment) internal {
        vm.warp(LISTED_OPENS - 1000);
        token = payment;
        policy = newPolicy();
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setupOf())));
        license = License(address(sale.LICENSE()));
    }

    function setupOf() internal view returns (ILicenseSale.Setup memory setup) {
        ILicenseSale.Tier[] memory tiers = new ILicenseSale.Tier[](3);
        tiers[0] = ILicenseSale.Tier({count: 10, price: 125_900_001, capPerAddress: 5});
        tiers[1] = ILicenseSale.Tier({count: 3, price: 144_800_007, capPerAddress: 0});
        tiers[2] = ILicenseSale.Tier({count: 27, price: 166_500_013, capPerAddress: 20});
        ILicenseSale.Phase[] memory phases = new ILicenseSale.Phase[](2);
        phases[LISTED] = ILicenseSale.Phase({opensAt: LISTED_OPENS, closesAt: PUBLIC_OPENS, allowlist: true});
        phases[PUBLIC] = ILicenseSale.Phase({opensAt: PUBLIC_OPENS, closesAt: SALE_END, allowlist: false});
        ILicenseSale.Partner[] memory partners = new ILicenseSale.Partner[](1);
        partners[0] = ILicenseSale.Partner({referrer: PARTNER, discountPpm: 100_000, commissionPpm: 200_000});
        setup = ILicenseSale.Setup({
            name: "Coop licence",
            symbol: "COOPL",
            token: token,
            treasury: TREASURY,
            policy: policy,
            refundEnd: REFUND_END,
            lockEnd: LOCK_END,
            refundFeePpm: 30_000,
            discountPpm: 50_000,
            commissionPpm: 150_000,
            tiers: tiers,
            phases: phases,
            partners: partners
        });
    }

    function orderFor(address to, uint256 count) internal pure returns (ILicenseSale.Order memory order) {
        order.to = to;
        order.count = count;
        order.maxCost = type(uint256).max;
        order.deadline = type(uint64).max;
        order.phase = PUBLIC;
    }

    /// @dev `payer` gets what he needs and buys in his own name.
    function buy(address payer, ILicenseSale.Order memory order) internal returns (uint256 first, uint256 cost) {
        fund(payer, 1e18);
        vm.prank(payer);
        return sale.buy(order);
    }

    function buy(address account, uint256 count) internal returns (uint256 first, uint256 cost) {
        return buy(account, orderFor(account, count));
    }

    function fund(address payer, uint256 amount) internal {
        token.mint(payer, amount);
        vm.prank(payer);
        token.approve(address(sale), type(uint256).max);
    }

    function pauseSale() internal {
        vm.prank(GUARDIAN);
        policy.pause(Names.SALE, 50_000);
    }

    function one(uint256 id) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](1);
        ids[0] = id;
    }

    function span(uint256 first, uint256 count) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            ids[i] = first + i;
        }
    }
}
