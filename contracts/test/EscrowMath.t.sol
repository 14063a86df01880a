// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeakyBucket} from "../src/LeakyBucket.sol";
import {StatementLine} from "../src/StatementLine.sol";
import {Test} from "./Vm.sol";

/// @dev The vectors are written by `npm run generate` from policy/src: both sides must give these integers.
contract EscrowMathTest is Test {
    string internal json;

    function setUp() public {
        json = vm.readFile("./test/vectors/escrow.json");
    }

    function test_bucketsLeakAsInTypeScript() public view {
        uint256 n = 0;
        for (; vm.keyExistsJson(json, key("buckets", n, "in")); n++) {
            uint256[] memory given = vm.parseJsonUintArray(json, key("buckets", n, "in"));
            uint256[] memory expected = vm.parseJsonUintArray(json, key("buckets", n, "out"));
            (uint256 level, LeakyBucket.Limit memory limit) = LeakyBucket.settle(
                given[0],
                given[1],
                LeakyBucket.Limit(uint96(given[2]), uint96(given[3])),
                LeakyBucket.Limit(uint96(given[4]), uint96(given[5])),
                given[6],
                given[7]
            );
            assertEq(level, expected[0], key("buckets", n, "level"));
            assertEq(limit.perSecond, expected[1], key("buckets", n, "perSecond"));
            assertEq(limit.burst, expected[2], key("buckets", n, "burst"));
            assertEq(LeakyBucket.room(level, limit.burst), expected[3], key("buckets", n, "room"));
        }
        assertLe(10, n, "buckets");
    }

    function test_linesPayAsInTypeScript() public view {
        uint256 n = 0;
        for (; vm.keyExistsJson(json, key("lines", n, "in")); n++) {
            uint256[] memory given = vm.parseJsonUintArray(json, key("lines", n, "in"));
            uint256[] memory expected = vm.parseJsonUintArray(json, key("lines", n, "out"));
            StatementLine.Sums memory drawn = StatementLine.Sums(uint128(given[0]), uint128(given[1]));
            StatementLine.Sums memory line = StatementLine.Sums(uint128(given[2]), uint128(given[3]));
            uint256 outcome = uint256(StatementLine.judge(drawn, line, given[4]));
            assertEq(outcome, expected[0], key("lines", n, "outcome"));
            if (outcome == 0) assertEq(StatementLine.netRoundedUp(drawn, line, given[5]), expected[1], key("lines", n, "net"));
        }
        assertLe(9, n, "lines");
    }

    function key(string memory list, uint256 n, string memory column) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(n), "].", column);
    }
}
