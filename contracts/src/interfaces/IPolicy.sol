// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What is in force in a network: the hash of its policy file, who holds which role, and the few numbers that contracts read.
/// The governor announces a change; after an unchangeable delay anybody executes it, within bounds fixed at deployment.
/// @dev Warning: a governor who is not watched may, after the delay, name himself poster, arbiter and sink. What each of these can do at
/// worst stands in docs/concepts/trust.md; none of them can move a user's funds.
interface IPolicy {
    enum Kind {
        Role,
        Parameter,
        Hash
    }

    struct RoleParameters {
        bytes32 name;
        address holder;
    }

    struct ParameterParameters {
        bytes32 name;
        uint256 value;
        uint256 min;
        uint256 max;
    }

    struct Timing {
        /// Seconds between announcement and execution.
        uint64 delay;
        /// Seconds after the delay within which a change may be executed; later it has lapsed.
        uint64 grace;
        /// Longest pause, in seconds.
        uint64 pauseMax;
        /// Seconds from the end of a pause until the same thing may be paused again.
        uint64 pauseCooldown;
    }

    struct InForce {
        bytes32 hash;
        uint64 from;
    }

    event Announced(Kind indexed kind, bytes32 indexed name, bytes32 value, uint64 executableFrom, uint64 executableUntil);
    event Cancelled(Kind indexed kind, bytes32 indexed name, bytes32 value);
    event RoleSet(bytes32 indexed name, address holder);
    event ParameterSet(bytes32 indexed name, uint256 value);
    event HashSet(bytes32 indexed hash, uint64 from);
    event Paused(bytes32 indexed what, uint64 until);
    event Resumed(bytes32 indexed what);

    error NotGovernor(address caller);
    error NotGuardian(address caller);
    error UnknownName(bytes32 name);
    error NameTwice(bytes32 name);
    error NotAnAddress(bytes32 value);
    error ZeroHash();
    error OutOfBounds(uint256 value, uint256 min, uint256 max);
    error NothingAnnounced(Kind kind, bytes32 name);
    error NotYet(uint64 executableFrom, uint256 now_);
    error Lapsed(uint64 executableUntil, uint256 now_);
    error NotPausable(bytes32 what);
    error PauseTooLong(uint64 duration, uint64 max);
    error PausedTooRecently(uint64 from);
    error NotPaused(bytes32 what);

    /// @notice Who holds a role. Reverts for a name that this network does not have.
    function role(bytes32 name) external view returns (address holder);

    /// @notice The value of a parameter. Reverts for a name that this network does not have.
    function parameter(bytes32 name) external view returns (uint256 value);

    /// @notice Unchangeable bounds of a parameter.
    function bounds(bytes32 name) external view returns (uint256 min, uint256 max);

    /// @notice Whether the guardian has paused something that has not run out: POSTING, SLASHING or SALE.
    function paused(bytes32 what) external view returns (bool isPaused);

    /// @notice When a policy hash first came in force, in seconds; 0 for one that never was.
    /// @dev A hash stays known for ever, so a lease settles under the policy of its quote.
    function inForceSince(bytes32 hash) external view returns (uint64 from);

    /// @notice Hash of the policy that is in force now.
    function current() external view returns (bytes32 hash);

    /// @notice All hashes in the order in which they came in force.
    function history() external view returns (InForce[] memory entries);

    /// @notice Announces a change; governor only. A new announcement for the same name replaces the former one and its delay starts anew.
    /// @param name of the role or parameter; zero for the hash.
    /// @param value the address, number or hash.
    function announce(Kind kind, bytes32 name, bytes32 value) external;

    /// @notice Takes an announcement back; governor only.
    function cancel(Kind kind, bytes32 name) external;

    /// @notice Executes what was announced, once the delay is over and the grace is not. Anybody.
    function execute(Kind kind, bytes32 name) external;

    /// @notice Pauses posting, slashing or the sale for `duration` seconds; guardian only, bounded, and not again before a cooldown.
    /// @dev Nothing else can be paused: withdrawals, claims and refunds never.
    function pause(bytes32 what, uint64 duration) external;

    /// @notice Ends a pause early; guardian only.
    function resume(bytes32 what) external;
}
