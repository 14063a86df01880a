// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEmission} from "./interfaces/IEmission.sol";
import {IPolicy} from "./interfaces/IPolicy.sol";
import {Names} from "./Names.sol";
import {PolicyMath} from "./PolicyMath.sol";
import {Token} from "./Token.sol";

/// @notice A ceiling on everything ever minted, split to pools: see IEmission.
contract Emission is IEmission {
    using SafeCast for uint256;

    /// @dev `settled` is what the pools were given for good when the weights changed last. The curve counts from there under the weights
    /// in force. What did not divide evenly is not in it, so it is divided again, under the new weights: nothing is lost.
    struct Curve {
        PolicyMath.Decay decay;
        PolicyMath.Point[] points;
        uint256[] pools;
        uint128 settled;
        uint128 weightSum;
    }

    struct Pool {
        address recipient;
        uint32 curve;
        uint64 weight;
        uint128 settled;
        uint128 released;
    }

    /// @inheritdoc IEmission
    Token public immutable TOKEN;
    /// @notice Where the weights of the split stand.
    IPolicy public immutable POLICY;
    /// @notice The instant from which all curves count, in seconds.
    uint64 public immutable START;

    Curve[] private curves;
    Pool[] private pools;

    constructor(
        TokenParameters memory token,
        IPolicy policy,
        uint64 start,
        CurveParameters[] memory curves_,
        PoolParameters[] memory pools_
    ) {
        TOKEN = new Token(token.name, token.symbol, token.decimals, address(this), token.cap);
        POLICY = policy;
        START = start;
        uint256 capSum = 0;
        for (uint256 n = 0; n < curves_.length; n++) capSum += addCurve(curves_[n]);
        require(capSum <= token.cap, CurvesExceedCap(capSum, token.cap));
        for (uint256 n = 0; n < pools_.length; n++) addPool(pools_[n]);
        for (uint256 n = 0; n < curves_.length; n++) {
            require(curves[n].pools.length > 0, CurveWithoutPool(n));
            bringWeights(n);
        }
    }

    /// @inheritdoc IEmission
    function ceiling(uint256 curve) public view returns (uint256 total) {
        Curve storage of_ = curveAt(curve);
        if (block.timestamp < START) return 0;
        uint256 elapsed = block.timestamp - START;
        if (of_.points.length > 0) return PolicyMath.pointsTotalRoundedDown(of_.points, elapsed);
        return PolicyMath.decayTotalRoundedDown(of_.decay, elapsed / of_.decay.epochSeconds);
    }

    /// @inheritdoc IEmission
    function accrued(uint256 pool) public view returns (uint256 total) {
        Pool storage of_ = poolAt(pool);
        return of_.settled + unsettled(of_.curve) * of_.weight / curves[of_.curve].weightSum;
    }

    /// @inheritdoc IEmission
    function releasable(uint256 pool) public view returns (uint256 amount) {
        return accrued(pool) - poolAt(pool).released;
    }

    /// @inheritdoc IEmission
    function release(uint256 pool, uint256 amount) external {
        address recipient = poolAt(pool).recipient;
        require(msg.sender == recipient, NotRecipient(msg.sender, recipient));
        uint256 available = releasable(pool);
        require(amount <= available, NotReleasable(pool, amount, available));
        pools[pool].released += uint128(amount); // safe: at most what a curve below 2¹²⁸ gave
        emit Released(pool, recipient, amount);
        TOKEN.mint(recipient, amount);
    }

    /// @inheritdoc IEmission
    function sync(uint256 curve) external {
        Curve storage of_ = curveAt(curve);
        uint256 given = unsettled(curve);
        (uint256[] memory parts, uint256 rest) = PolicyMath.splitRoundedDown(given, weightsOf(curve));
        for (uint256 n = 0; n < parts.length; n++) pools[of_.pools[n]].settled += uint128(parts[n]); // safe, as above
        of_.settled = (of_.settled + given - rest).toUint128();
        bringWeights(curve);
    }

    /// @inheritdoc IEmission
    function weightsOf(uint256 curve) public view returns (uint256[] memory weights) {
        uint256[] storage members = curveAt(curve).pools;
        weights = new uint256[](members.length);
        for (uint256 n = 0; n < weights.length; n++) weights[n] = pools[members[n]].weight;
    }

    /// @inheritdoc IEmission
    function poolOf(uint256 pool) external view returns (uint256 curve, address recipient, uint256 released) {
        Pool storage of_ = poolAt(pool);
        return (of_.curve, of_.recipient, of_.released);
    }

    /// @dev What the curve has given since the weights changed last. Should rounding ever let a curve dip, nothing is taken back.
    function unsettled(uint256 curve) private view returns (uint256 amount) {
        uint256 total = ceiling(curve);
        uint256 settled = curves[curve].settled;
        return total > settled ? total - settled : 0;
    }

    function bringWeights(uint256 curve) private {
        Curve storage of_ = curves[curve];
        uint256[] memory weights = new uint256[](of_.pools.length);
        uint256 sum = 0;
        for (uint256 n = 0; n < weights.length; n++) {
            uint256 pool = of_.pools[n];
            weights[n] = POLICY.parameter(Names.poolWeight(pool));
            pools[pool].weight = weights[n].toUint64();
            sum += weights[n];
        }
        require(sum > 0, NoWeight(curve));
        of_.weightSum = sum.toUint128();
        emit Synced(curve, of_.settled, weights);
    }

    function addCurve(CurveParameters memory from) private returns (uint256 cap) {
        Curve storage curve = curves.push();
        uint256 index = curves.length - 1;
        if (from.points.length == 0) {
            PolicyMath.Decay memory decay = from.decay;
            bool isValid = decay.decayRay > 0 && decay.decayRay <= PolicyMath.RAY && decay.epochSeconds > 0;
            require(isValid && decay.genesis <= decay.cap, InvalidDecay(index));
            curve.decay = decay;
            return decay.cap;
        }
        PolicyMath.Point memory before;
        for (uint256 n = 0; n < from.points.length; n++) {
            PolicyMath.Point memory point = from.points[n];
            require(n > 0 || point.atSeconds == 0, InvalidPoint(index, n));
            require(point.atSeconds >= before.atSeconds && point.total >= before.total, InvalidPoint(index, n));
            curve.points.push(point);
            before = point;
        }
        return before.total;
    }

    function addPool(PoolParameters memory from) private {
        curveAt(from.curve).pools.push(pools.length);
        pools.push(
            Pool({recipient: from.recipient, curve: from.curve.toUint32(), weight: 0, settled: 0, released: 0})
        );
    }

    function curveAt(uint256 curve) private view returns (Curve storage) {
        require(curve < curves.length, UnknownCurve(curve));
        return curves[curve];
    }

    function poolAt(uint256 pool) private view returns (Pool storage) {
        require(pool < pools.length, UnknownPool(pool));
        return pools[pool];
    }
}
