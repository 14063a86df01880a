// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The economic rules that a contract must compute itself: the same integers as policy/src/{emission,vesting,split}.ts.
library PolicyMath {
    uint256 internal constant RAY = 1e27;
    uint256 internal constant PPM = 1_000_000;

    /// @dev Each epoch emits less than the one before by `decayRay` / 1e27; genesis and cap include everything.
    struct Decay {
        uint128 genesis;
        uint128 first;
        uint128 cap;
        uint96 decayRay;
        uint32 epochSeconds;
    }

    /// @dev Everything that may have been released `atSeconds` after the start.
    struct Point {
        uint64 atSeconds;
        uint128 total;
    }

    /// @dev Of a granted amount, what may be taken `afterSeconds` after the claim.
    struct Vesting {
        uint64 afterSeconds;
        uint32 ppm;
    }

    /// @notice genesis + first × (1 − (1 − d)ⁿ) / d, at most the cap, after n whole epochs; never above the exact curve.
    function decayTotalRoundedDown(Decay memory curve, uint256 epochs) internal pure returns (uint256 total) {
        uint256 left = powRayRoundedUp({base: RAY - curve.decayRay, exponent: epochs});
        // Below 2¹²⁸ × 10²⁷: no overflow.
        total = curve.genesis + uint256(curve.first) * (RAY - left) / curve.decayRay;
        if (total > curve.cap) total = curve.cap;
    }

    /// @notice base^exponent of 27 decimals by squaring, every product rounded up. `base` is at most 1e27.
    function powRayRoundedUp(uint256 base, uint256 exponent) internal pure returns (uint256 power) {
        power = RAY;
        while (exponent != 0) {
            if (exponent & 1 == 1) power = (power * base + RAY - 1) / RAY;
            base = (base * base + RAY - 1) / RAY;
            exponent >>= 1;
        }
    }

    /// @notice Linear between the points around `elapsed`, constant after the last. The first point is at 0.
    function pointsTotalRoundedDown(Point[] storage points, uint256 elapsed) internal view returns (uint256 total) {
        // The first point after `elapsed`, by halving: a curve of forty years by month has 480.
        (uint256 low, uint256 high) = (0, points.length);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (points[middle].atSeconds > elapsed) high = middle;
            else low = middle + 1;
        }
        Point memory before = points[low - 1];
        if (low == points.length) return before.total;
        Point memory next = points[low];
        uint256 term = next.atSeconds - before.atSeconds;
        return before.total + uint256(next.total - before.total) * (elapsed - before.atSeconds) / term;
    }

    /// @notice Of `amount`, what may be taken `elapsed` seconds after the claim: nothing before the first point, all after the last.
    function vestedRoundedDown(Vesting[] memory points, uint256 amount, uint256 elapsed)
        internal
        pure
        returns (uint256 vested)
    {
        for (uint256 n = 0; n < points.length; n++) {
            Vesting memory point = points[n];
            if (point.afterSeconds <= elapsed) continue;
            if (n == 0) return 0;
            Vesting memory before = points[n - 1];
            uint256 term = point.afterSeconds - before.afterSeconds;
            uint256 share = before.ppm * term + uint256(point.ppm - before.ppm) * (elapsed - before.afterSeconds);
            return amount * share / (PPM * term);
        }
        return amount;
    }

    /// @notice ⌊amount × weight / Σ weights⌋ for each weight. `rest` is less than one unit per weight and is carried by the caller.
    function splitRoundedDown(uint256 amount, uint256[] memory weights)
        internal
        pure
        returns (uint256[] memory parts, uint256 rest)
    {
        uint256 sum = 0;
        for (uint256 n = 0; n < weights.length; n++) sum += weights[n];
        parts = new uint256[](weights.length);
        rest = amount;
        for (uint256 n = 0; n < weights.length; n++) {
            parts[n] = amount * weights[n] / sum;
            rest -= parts[n];
        }
    }
}
