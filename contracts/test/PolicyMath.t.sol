// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyMath} from "../src/PolicyMath.sol";
import {Test} from "./Vm.sol";

/// @dev The vectors are written by `npm run generate` from policy/src: both sides must give these integers.
contract PolicyMathTest is Test {
    string internal json;
    PolicyMath.Point[] internal points;

    function setUp() public {
        json = vm.readFile("./test/vectors/emission.json");
    }

    function test_ceilingsAreThoseOfTypeScript() public {
        uint256 n = 0;
        for (; vm.keyExistsJson(json, key("ceilings", n, "elapsed_s")); n++) {
            uint256[] memory elapsed = numbers("ceilings", n, "elapsed_s");
            uint256[] memory expected = numbers("ceilings", n, "ceiling");
            uint256[] memory decay = numbers("ceilings", n, "decay");
            readPoints(n);
            for (uint256 i = 0; i < elapsed.length; i++) {
                uint256 total = decay.length == 0
                    ? PolicyMath.pointsTotalRoundedDown(points, elapsed[i])
                    : PolicyMath.decayTotalRoundedDown(decayOf(decay), elapsed[i] / decay[3]);
                assertEq(total, expected[i], key("ceilings", n, "ceiling"));
            }
        }
        assertLe(8, n, "curves");
    }

    function test_vestedAmountsAreThoseOfTypeScript() public view {
        uint256 n = 0;
        for (; vm.keyExistsJson(json, key("vested", n, "elapsed_s")); n++) {
            uint256[] memory elapsed = numbers("vested", n, "elapsed_s");
            uint256[] memory expected = numbers("vested", n, "vested");
            uint256 amount = vm.parseJsonUint(json, key("vested", n, "amount"));
            for (uint256 i = 0; i < elapsed.length; i++) {
                uint256 vested = PolicyMath.vestedRoundedDown(vesting(n), amount, elapsed[i]);
                assertEq(vested, expected[i], key("vested", n, "vested"));
            }
        }
        assertLe(5, n, "vestings");
    }

    function test_splitsAreThoseOfTypeScript() public view {
        uint256 n = 0;
        for (; vm.keyExistsJson(json, key("splits", n, "amount")); n++) {
            (uint256[] memory parts, uint256 rest) = PolicyMath.splitRoundedDown(
                vm.parseJsonUint(json, key("splits", n, "amount")), numbers("splits", n, "weights")
            );
            uint256[] memory expected = numbers("splits", n, "parts");
            for (uint256 i = 0; i < parts.length; i++) assertEq(parts[i], expected[i], key("splits", n, "parts"));
            assertEq(rest, vm.parseJsonUint(json, key("splits", n, "rest")), key("splits", n, "rest"));
        }
        assertLe(5, n, "splits");
    }

    /// E1
    function testFuzz_aDecayingCurveNeverExceedsItsCapNorOverflows(PolicyMath.Decay memory curve, uint64 epochs)
        public
        pure
    {
        curve.decayRay = uint96(bound(curve.decayRay, 1, PolicyMath.RAY));
        curve.genesis = uint128(bound(curve.genesis, 0, curve.cap));
        uint256 total = PolicyMath.decayTotalRoundedDown(curve, epochs);
        assertLe(total, curve.cap, "cap");
        assertLe(curve.genesis, total, "genesis");
    }

    /// R6
    function testFuzz_waitingNeverLowersWhatHasVested(uint128 amount, uint64 elapsed, uint64 more) public view {
        PolicyMath.Vesting[] memory points_ = vesting(0);
        uint256 sooner = PolicyMath.vestedRoundedDown(points_, amount, elapsed);
        assertLe(sooner, PolicyMath.vestedRoundedDown(points_, amount, uint256(elapsed) + more), "waiting");
        assertLe(sooner, amount, "amount");
    }

    function decayOf(uint256[] memory columns) private pure returns (PolicyMath.Decay memory) {
        return PolicyMath.Decay({
            genesis: uint128(columns[0]),
            first: uint128(columns[1]),
            decayRay: uint96(columns[2]),
            epochSeconds: uint32(columns[3]),
            cap: uint128(columns[4])
        });
    }

    function readPoints(uint256 n) private {
        delete points;
        uint256[] memory times = numbers("ceilings", n, "at_s");
        uint256[] memory total = numbers("ceilings", n, "total");
        for (uint256 i = 0; i < times.length; i++) points.push(PolicyMath.Point(uint64(times[i]), uint128(total[i])));
    }

    function vesting(uint256 n) private view returns (PolicyMath.Vesting[] memory curve) {
        uint256[] memory afterSeconds = numbers("vested", n, "after_s");
        uint256[] memory ppm = numbers("vested", n, "ppm");
        curve = new PolicyMath.Vesting[](ppm.length);
        for (uint256 i = 0; i < ppm.length; i++) {
            curve[i] = PolicyMath.Vesting(uint64(afterSeconds[i]), uint32(ppm[i]));
        }
    }

    function numbers(string memory list, uint256 n, string memory column) private view returns (uint256[] memory) {
        return vm.parseJsonUintArray(json, key(list, n, column));
    }

    function key(string memory list, uint256 n, string memory column) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(n), "].", column);
    }
}
