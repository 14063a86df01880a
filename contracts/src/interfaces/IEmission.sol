// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyMath} from "../PolicyMath.sol";
import {Token} from "../Token.sol";

/// @notice Mints a network's token along curves that nobody can change. A curve is a ceiling on everything ever released; it is split to
/// pools by weights, and a pool's recipient releases what it needs, when it needs it. What is not released stays releasable.
/// @dev Warning: a pool's recipient decides alone what to release within the ceiling. Where it is Rewards, roots and disputes stand between.
interface IEmission {
    struct TokenParameters {
        string name;
        string symbol;
        uint8 decimals;
        uint256 cap;
    }

    /// @dev Exactly one of the two: `decay`, or `points` when there are any.
    struct CurveParameters {
        PolicyMath.Decay decay;
        PolicyMath.Point[] points;
    }

    /// @dev The weight of pool n in the split of its curve is the Policy's parameter Names.poolWeight(n).
    struct PoolParameters {
        uint256 curve;
        address recipient;
    }

    event Released(uint256 indexed pool, address indexed recipient, uint256 amount);
    event Synced(uint256 indexed curve, uint256 settled, uint256[] weights);

    error InvalidDecay(uint256 curve);
    error InvalidPoint(uint256 curve, uint256 point);
    error CurvesExceedCap(uint256 sum, uint256 cap);
    error UnknownCurve(uint256 curve);
    error UnknownPool(uint256 pool);
    error CurveWithoutPool(uint256 curve);
    error NoWeight(uint256 curve);
    error NotRecipient(address caller, address recipient);
    error NotReleasable(uint256 pool, uint256 amount, uint256 releasable);

    /// @notice The token that this contract alone mints.
    function TOKEN() external view returns (Token token);

    /// @notice Everything that a curve allows to have been released by now.
    function ceiling(uint256 curve) external view returns (uint256 total);

    /// @notice Everything that a pool was ever given by the split, released or not.
    function accrued(uint256 pool) external view returns (uint256 total);

    /// @notice What a pool may release now: accrued less released.
    function releasable(uint256 pool) external view returns (uint256 amount);

    /// @notice Mints `amount` to the pool's recipient. The recipient only.
    function release(uint256 pool, uint256 amount) external;

    /// @notice Brings the weights that stand in Policy into force for what the curve gives from now on. Anybody.
    /// @dev Weights that changed in Policy do not count before somebody calls this; what was accrued until then stays as it is.
    function sync(uint256 curve) external;

    /// @notice Weights in force, in the order of the curve's pools.
    function weightsOf(uint256 curve) external view returns (uint256[] memory weights);

    /// @notice The curve, the recipient and the released amount of a pool.
    function poolOf(uint256 pool) external view returns (uint256 curve, address recipient, uint256 released);
}
