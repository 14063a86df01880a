// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {License} from "../src/License.sol";
import {LicenseSale} from "../src/LicenseSale.sol";
import {ILicenseSale} from "../src/interfaces/ILicenseSale.sol";
import {SaleFixture} from "./SaleFixture.sol";
import {FreeToken} from "./hostile/FreeToken.sol";

/// @dev The vectors are written by `npm run generate` from policy/src/licence.ts: both sides must give these integers.
contract LicenseSaleVectorsTest is SaleFixture {
    address private constant REFERRER = address(0x4ef);
    string private json;

    function setUp() public {
        json = vm.readFile("./test/vectors/licence.json");
    }

    /// @dev Each sale, sold one by one through a referrer; every licence is given back again.
    function test_pricesAndRefundsAreThoseOfTypeScript() public {
        uint256 n = 0;
        for (; vm.keyExistsJson(json, key(n, "count")); ++n) {
            open(n);
            uint256[] memory cost = numbers(n, "cost");
            uint256[] memory commission = numbers(n, "commission");
            uint256[] memory refund = numbers(n, "refund");
            uint256[] memory counts = numbers(n, "counts");
            uint256[] memory costOfCounts = numbers(n, "cost_of_counts");
            uint256[] memory least = numbers(n, "least");
            for (uint256 id = 0; id < cost.length; ++id) {
                (uint256 quoted,) = sale.quote(counts[id], REFERRER);
                assertEq(quoted, costOfCounts[id], key(n, "cost_of_counts"));
                ILicenseSale.Order memory order = orderFor(address(this), 1);
                order.referrer = REFERRER;
                (uint256 first, uint256 paid) = sale.buy(order);
                assertEq(first, id, "id");
                assertEq(paid, cost[id], key(n, "cost"));
                assertEq(sale.commissions(), commission[id], key(n, "commission"));
                assertEq(sale.priceAfterRebates(id), least[id], key(n, "least"));
                assertEq(sale.refund(one(id), address(this)), refund[id], key(n, "refund"));
                assertEq(sale.commissions(), 0, "cancelled");
            }
        }
        assertLe(4, n, "sales");
    }

    function open(uint256 n) private {
        vm.warp(LISTED_OPENS - 1000);
        token = new FreeToken(18);
        policy = newPolicy();
        ILicenseSale.Setup memory setup = setupOf();
        uint256[] memory count = numbers(n, "count");
        uint256[] memory price = numbers(n, "price");
        setup.tiers = new ILicenseSale.Tier[](count.length);
        for (uint256 i = 0; i < count.length; ++i) {
            setup.tiers[i] = ILicenseSale.Tier({count: uint64(count[i]), price: uint128(price[i]), capPerAddress: 0});
        }
        setup.partners = new ILicenseSale.Partner[](1);
        (uint256 discount, uint256 share) = (number(n, "discount_ppm"), number(n, "commission_ppm"));
        (setup.discountPpm, setup.commissionPpm) = (0, 0);
        setup.partners[0] = ILicenseSale.Partner(REFERRER, uint32(discount), uint32(share));
        setup.refundFeePpm = uint32(number(n, "fee_ppm"));
        sale = LicenseSale(deploy("LicenseSale", abi.encode(setup)));
        license = License(address(sale.LICENSE()));
        token.mint(address(this), type(uint128).max);
        token.approve(address(sale), type(uint256).max);
        vm.warp(PUBLIC_OPENS);
    }

    function key(uint256 n, string memory field) private pure returns (string memory path) {
        return string.concat(".sales[", vm.toString(n), "].", field);
    }

    function number(uint256 n, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(json, key(n, field));
    }

    function numbers(uint256 n, string memory field) private view returns (uint256[] memory) {
        return vm.parseJsonUintArray(json, key(n, field));
    }
}
