// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How much may be drawn, how fast: a bucket that leaks `perSecond` and holds `burst`. policy/src/limit.ts is the same, to the unit.
/// @dev A rate is whole units per second, so that nothing is ever rounded. Not OpenZeppelin's RateLimiter: there all buckets share one limit.
library LeakyBucket {
    /// @notice Between two instants t0 < t1 at most burst + perSecond × (t1 − t0) is drawn.
    struct Limit {
        /// Smallest units of the token that leak in a second.
        uint96 perSecond;
        /// Smallest units that may be drawn at one instant, when nothing was drawn before.
        uint96 burst;
    }

    /// @notice Fill of the bucket at `now_`, and the limit then in force.
    /// @param level the fill at `updatedAt`, in the smallest unit.
    /// @param next the limit that replaces `limit` from `nextFrom` on; 0 for none.
    function settle(
        uint256 level,
        uint256 updatedAt,
        Limit memory limit,
        Limit memory next,
        uint256 nextFrom,
        uint256 now_
    ) internal pure returns (uint256 level_, Limit memory limit_) {
        if (nextFrom == 0 || now_ < nextFrom) return (leaked(level, limit.perSecond, now_ - updatedAt), limit);
        level_ = leaked(level, limit.perSecond, nextFrom - updatedAt);
        return (leaked(level_, next.perSecond, now_ - nextFrom), next);
    }

    /// @notice What may be drawn at once.
    /// @dev After a limit was lowered the level may stand above the burst; then there is no room until it has leaked.
    function room(uint256 level, uint256 burst) internal pure returns (uint256 amount) {
        return level < burst ? burst - level : 0;
    }

    function leaked(uint256 level, uint256 perSecond, uint256 elapsed) private pure returns (uint256 rest) {
        uint256 leak = perSecond * elapsed;
        return leak < level ? level - leak : 0;
    }
}
