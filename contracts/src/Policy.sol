// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPolicy} from "./interfaces/IPolicy.sol";
import {Names} from "./Names.sol";

/// @notice What is in force in a network, and how it changes: see IPolicy.
contract Policy is IPolicy {
    struct Parameter {
        uint256 value;
        uint256 min;
        uint256 max;
        bool isKnown;
    }

    struct Change {
        bytes32 value;
        uint64 from;
    }

    struct Pause {
        uint64 until;
        uint64 nextFrom;
    }

    /// @notice Seconds between announcement and execution.
    uint64 public immutable DELAY;
    /// @notice Seconds after the delay within which a change may be executed.
    uint64 public immutable GRACE;
    /// @notice Longest pause, in seconds.
    uint64 public immutable PAUSE_MAX;
    /// @notice Seconds from the end of a pause until the same thing may be paused again.
    uint64 public immutable PAUSE_COOLDOWN;

    mapping(bytes32 name => address holder) private holders;
    mapping(bytes32 name => Parameter parameter) private parameters;
    mapping(bytes32 hash => uint64 from) public inForceSince;
    mapping(Kind kind => mapping(bytes32 name => Change change)) public announced;
    mapping(bytes32 what => Pause pause) private pauses;
    InForce[] private entries;

    constructor(
        bytes32 hash,
        RoleParameters[] memory roles,
        ParameterParameters[] memory numbers,
        Timing memory timing
    ) {
        (DELAY, GRACE, PAUSE_MAX, PAUSE_COOLDOWN) =
            (timing.delay, timing.grace, timing.pauseMax, timing.pauseCooldown);
        for (uint256 n = 0; n < roles.length; n++) {
            require(holders[roles[n].name] == address(0), NameTwice(roles[n].name));
            setRole(roles[n].name, roles[n].holder);
        }
        for (uint256 n = 0; n < numbers.length; n++) {
            ParameterParameters memory number = numbers[n];
            require(!parameters[number.name].isKnown, NameTwice(number.name));
            parameters[number.name] = Parameter({value: 0, min: number.min, max: number.max, isKnown: true});
            setParameter(number.name, number.value);
        }
        setHash(hash);
    }

    /// @inheritdoc IPolicy
    function role(bytes32 name) public view returns (address holder) {
        holder = holders[name];
        require(holder != address(0), UnknownName(name));
    }

    /// @inheritdoc IPolicy
    function parameter(bytes32 name) external view returns (uint256 value) {
        return known(name).value;
    }

    /// @inheritdoc IPolicy
    function bounds(bytes32 name) external view returns (uint256 min, uint256 max) {
        Parameter storage number = known(name);
        return (number.min, number.max);
    }

    /// @inheritdoc IPolicy
    function paused(bytes32 what) public view returns (bool isPaused) {
        return block.timestamp < pauses[what].until;
    }

    /// @inheritdoc IPolicy
    function current() external view returns (bytes32 hash) {
        return entries[entries.length - 1].hash;
    }

    /// @inheritdoc IPolicy
    function history() external view returns (InForce[] memory) {
        return entries;
    }

    /// @inheritdoc IPolicy
    function announce(Kind kind, bytes32 name, bytes32 value) external {
        require(msg.sender == role(Names.GOVERNOR), NotGovernor(msg.sender));
        requireExecutable(kind, name, value);
        uint64 from = uint64(block.timestamp) + DELAY;
        announced[kind][name] = Change({value: value, from: from});
        emit Announced(kind, name, value, from, from + GRACE);
    }

    /// @inheritdoc IPolicy
    function cancel(Kind kind, bytes32 name) external {
        require(msg.sender == role(Names.GOVERNOR), NotGovernor(msg.sender));
        bytes32 value = take(kind, name).value;
        emit Cancelled(kind, name, value);
    }

    /// @inheritdoc IPolicy
    function execute(Kind kind, bytes32 name) external {
        Change memory change = take(kind, name);
        require(block.timestamp >= change.from, NotYet(change.from, block.timestamp));
        require(block.timestamp <= change.from + GRACE, Lapsed(change.from + GRACE, block.timestamp));
        if (kind == Kind.Role) setRole(name, address(uint160(uint256(change.value))));
        else if (kind == Kind.Parameter) setParameter(name, uint256(change.value));
        else setHash(change.value);
    }

    /// @inheritdoc IPolicy
    function pause(bytes32 what, uint64 duration) external {
        require(msg.sender == role(Names.GUARDIAN), NotGuardian(msg.sender));
        require(what == Names.POSTING || what == Names.SLASHING || what == Names.SALE, NotPausable(what));
        require(duration <= PAUSE_MAX, PauseTooLong(duration, PAUSE_MAX));
        require(block.timestamp >= pauses[what].nextFrom, PausedTooRecently(pauses[what].nextFrom));
        uint64 until = uint64(block.timestamp) + duration;
        pauses[what] = Pause({until: until, nextFrom: until + PAUSE_COOLDOWN});
        emit Paused(what, until);
    }

    /// @inheritdoc IPolicy
    function resume(bytes32 what) external {
        require(msg.sender == role(Names.GUARDIAN), NotGuardian(msg.sender));
        require(paused(what), NotPaused(what));
        uint64 now_ = uint64(block.timestamp);
        pauses[what] = Pause({until: now_, nextFrom: now_ + PAUSE_COOLDOWN});
        emit Resumed(what);
    }

    function setRole(bytes32 name, address holder) private {
        require(holder != address(0), NotAnAddress(0));
        holders[name] = holder;
        emit RoleSet(name, holder);
    }

    function setParameter(bytes32 name, uint256 value) private {
        requireWithinBounds(parameters[name], value);
        parameters[name].value = value;
        emit ParameterSet(name, value);
    }

    function setHash(bytes32 hash) private {
        require(hash != 0, ZeroHash());
        uint64 now_ = uint64(block.timestamp);
        if (inForceSince[hash] == 0) inForceSince[hash] = now_;
        entries.push(InForce({hash: hash, from: now_}));
        emit HashSet(hash, now_);
    }

    /// @dev An announcement that could not be executed is refused at once, not after the delay.
    function requireExecutable(Kind kind, bytes32 name, bytes32 value) private view {
        if (kind == Kind.Role) {
            role(name);
            require(value != 0 && uint256(value) <= type(uint160).max, NotAnAddress(value));
        } else if (kind == Kind.Parameter) {
            requireWithinBounds(known(name), uint256(value));
        } else {
            require(name == 0, UnknownName(name));
            require(value != 0, ZeroHash());
        }
    }

    function requireWithinBounds(Parameter storage number, uint256 value) private view {
        require(value >= number.min && value <= number.max, OutOfBounds(value, number.min, number.max));
    }

    function known(bytes32 name) private view returns (Parameter storage number) {
        number = parameters[name];
        require(number.isKnown, UnknownName(name));
    }

    /// @dev The announcement, which is gone afterwards.
    function take(Kind kind, bytes32 name) private returns (Change memory change) {
        change = announced[kind][name];
        require(change.from != 0, NothingAnnounced(kind, name));
        delete announced[kind][name];
    }
}
