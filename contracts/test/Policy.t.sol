// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {PolicyFixture} from "./PolicyFixture.sol";
import {Test} from "./Vm.sol";

contract PolicyTest is Test, PolicyFixture {
    bytes32 internal constant NUMBER = Names.POSTER_BOND;
    Policy internal policy;

    function setUp() public {
        vm.warp(1_000_000);
        policy = newPolicy();
    }

    /// P1, P2
    function testFuzz_aParameterChangesAfterItsDelayWithinItsBounds(uint256 value, uint64 wait) public {
        (uint256 min, uint256 max) = policy.bounds(NUMBER);
        value = bound(value, min, max);
        wait = uint64(bound(wait, DELAY, DELAY + GRACE));
        announceParameter(value);
        vm.warp(block.timestamp + wait);
        vm.prank(STRANGER);
        policy.execute(IPolicy.Kind.Parameter, NUMBER);
        assertEq(policy.parameter(NUMBER), value, "parameter");
    }

    /// P1
    function testFuzz_nothingChangesBeforeTheDelayOrAfterTheGrace(uint64 wait) public {
        uint256 before = policy.parameter(NUMBER);
        announceParameter(before + 1);
        wait = uint64(bound(wait, 0, 10 * (DELAY + GRACE)));
        vm.assume(wait < DELAY || wait > DELAY + GRACE);
        vm.warp(block.timestamp + wait);
        vm.expectRevert();
        policy.execute(IPolicy.Kind.Parameter, NUMBER);
        assertEq(policy.parameter(NUMBER), before, "parameter");
    }

    /// P1
    function test_theGraceEndsWithItsLastInstant() public {
        announceParameter(11);
        vm.warp(1_000_000 + DELAY + GRACE);
        policy.execute(IPolicy.Kind.Parameter, NUMBER);
        assertEq(policy.parameter(NUMBER), 11, "in time");
        announceParameter(12);
        vm.warp(1_000_000 + 2 * (uint256(DELAY) + GRACE) + 1);
        vm.expectRevert();
        policy.execute(IPolicy.Kind.Parameter, NUMBER);
    }

    /// P1: the delay starts anew, so nothing can be slipped in under an older announcement.
    function test_aNewAnnouncementReplacesTheFormer() public {
        announceParameter(11);
        vm.warp(block.timestamp + DELAY);
        announceParameter(12);
        vm.expectRevert(
            abi.encodeWithSelector(IPolicy.NotYet.selector, uint64(block.timestamp) + DELAY, block.timestamp)
        );
        policy.execute(IPolicy.Kind.Parameter, NUMBER);
    }

    /// P1
    function test_whatWasExecutedOrCancelledIsNotExecutedAgain() public {
        announceParameter(11);
        vm.warp(block.timestamp + DELAY);
        policy.execute(IPolicy.Kind.Parameter, NUMBER);
        expectNothingAnnounced();
        policy.execute(IPolicy.Kind.Parameter, NUMBER);

        announceParameter(12);
        vm.prank(GOVERNOR);
        policy.cancel(IPolicy.Kind.Parameter, NUMBER);
        vm.warp(block.timestamp + DELAY);
        expectNothingAnnounced();
        policy.execute(IPolicy.Kind.Parameter, NUMBER);
    }

    /// P2
    function testFuzz_aValueOutOfBoundsIsRefusedWhenItIsAnnounced(uint256 value) public {
        (uint256 min, uint256 max) = policy.bounds(NUMBER);
        vm.assume(value < min || value > max);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.OutOfBounds.selector, value, min, max));
        policy.announce(IPolicy.Kind.Parameter, NUMBER, bytes32(value));
    }

    /// P3
    function testFuzz_aHashOnceInForceStaysKnown(bytes32 next, bytes32 never) public {
        vm.assume(next != 0 && next != HASH && never != next && never != HASH);
        change(IPolicy.Kind.Hash, 0, next);
        change(IPolicy.Kind.Hash, 0, HASH);
        assertEq(uint256(policy.current()), uint256(HASH), "current");
        assertEq(policy.inForceSince(HASH), 1_000_000, "first in force");
        assertEq(policy.inForceSince(next), 1_000_000 + DELAY, "second in force");
        assertEq(policy.inForceSince(never), 0, "never in force");
        assertEq(policy.history().length, 3, "history");
    }

    /// P4
    function testFuzz_namesAreThoseOfTheDeployment(bytes32 name) public {
        vm.assume(!isName(name));
        bytes memory unknown = abi.encodeWithSelector(IPolicy.UnknownName.selector, name);
        vm.expectRevert(unknown);
        policy.role(name);
        vm.expectRevert(unknown);
        policy.parameter(name);
        vm.startPrank(GOVERNOR);
        vm.expectRevert(unknown);
        policy.announce(IPolicy.Kind.Role, name, bytes32(uint256(1)));
        vm.expectRevert(unknown);
        policy.announce(IPolicy.Kind.Parameter, name, bytes32(uint256(1)));
    }

    /// P4
    function testFuzz_noRoleIsEverEmptyOrMoreThanAnAddress(uint256 value) public {
        if (value != 0) value = bound(value, uint256(type(uint160).max) + 1, type(uint256).max);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.NotAnAddress.selector, bytes32(value)));
        policy.announce(IPolicy.Kind.Role, Names.POSTER, bytes32(value));
    }

    /// P1
    function test_theGovernorHandsOverAndHasNoPowerThen() public {
        change(IPolicy.Kind.Role, Names.GOVERNOR, bytes32(uint256(uint160(STRANGER))));
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.NotGovernor.selector, GOVERNOR));
        policy.announce(IPolicy.Kind.Hash, 0, bytes32(uint256(1)));
    }

    /// P1, P5
    function testFuzz_nobodyElseAnnouncesCancelsOrPauses(address caller) public {
        announceParameter(11);
        vm.startPrank(caller);
        if (caller != GOVERNOR) {
            vm.expectRevert(abi.encodeWithSelector(IPolicy.NotGovernor.selector, caller));
            policy.announce(IPolicy.Kind.Hash, 0, HASH);
            vm.expectRevert(abi.encodeWithSelector(IPolicy.NotGovernor.selector, caller));
            policy.cancel(IPolicy.Kind.Parameter, NUMBER);
        }
        if (caller != GUARDIAN) {
            vm.expectRevert(abi.encodeWithSelector(IPolicy.NotGuardian.selector, caller));
            policy.pause(Names.SALE, 1);
            vm.expectRevert(abi.encodeWithSelector(IPolicy.NotGuardian.selector, caller));
            policy.resume(Names.SALE);
        }
    }

    /// P5
    function testFuzz_aPauseEndsByItselfAndComesBackOnlyAfterTheCooldown(uint64 duration, uint64 endedAfter) public {
        uint256 start = block.timestamp;
        duration = uint64(bound(duration, 1, PAUSE_MAX));
        endedAfter = uint64(bound(endedAfter, 1, duration));
        vm.startPrank(GUARDIAN);
        policy.pause(Names.POSTING, duration);
        assertTrue(policy.paused(Names.POSTING), "paused");
        vm.warp(start + endedAfter);
        if (endedAfter < duration) policy.resume(Names.POSTING);
        assertTrue(!policy.paused(Names.POSTING), "over");
        uint64 next = uint64(block.timestamp) + PAUSE_COOLDOWN;
        vm.warp(next - 1);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.PausedTooRecently.selector, next));
        policy.pause(Names.POSTING, 1);
        vm.warp(next);
        policy.pause(Names.POSTING, 1);
    }

    /// P2, P4
    function test_aNameIsGivenOnce() public {
        IPolicy.ParameterParameters[] memory twice = new IPolicy.ParameterParameters[](1);
        twice[0] = IPolicy.ParameterParameters(NUMBER, 5, 0, 10);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.NameTwice.selector, NUMBER));
        this.newPolicyWith(twice);
        IPolicy.RoleParameters[] memory roles = new IPolicy.RoleParameters[](2);
        roles[0] = IPolicy.RoleParameters(Names.GOVERNOR, GOVERNOR);
        roles[1] = IPolicy.RoleParameters(Names.GOVERNOR, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.NameTwice.selector, Names.GOVERNOR));
        deployWith(HASH, roles, new IPolicy.ParameterParameters[](0));
    }

    /// P5
    function testFuzz_nothingElseCanBePausedNorForLonger(bytes32 what, uint64 duration) public {
        vm.startPrank(GUARDIAN);
        if (what != Names.POSTING && what != Names.SLASHING && what != Names.SALE) {
            vm.expectRevert(abi.encodeWithSelector(IPolicy.NotPausable.selector, what));
            policy.pause(what, 1);
        }
        duration = uint64(bound(duration, PAUSE_MAX + 1, type(uint64).max));
        vm.expectRevert(abi.encodeWithSelector(IPolicy.PauseTooLong.selector, duration, PAUSE_MAX));
        policy.pause(Names.SALE, duration);
    }

    /// P4
    function test_theHighestAddressIsOneAndNoneIsNone() public {
        change(IPolicy.Kind.Role, Names.POSTER, bytes32(uint256(type(uint160).max)));
        assertTrue(policy.role(Names.POSTER) == address(type(uint160).max), "poster");
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.NotAnAddress.selector, bytes32(0)));
        policy.announce(IPolicy.Kind.Role, Names.POSTER, 0);
    }

    /// P3
    function testFuzz_aHashHasNoNameAndIsNotZero(bytes32 name) public {
        vm.assume(name != 0);
        vm.startPrank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.UnknownName.selector, name));
        policy.announce(IPolicy.Kind.Hash, name, HASH);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.ZeroHash.selector));
        policy.announce(IPolicy.Kind.Hash, 0, 0);
    }

    /// P2, P3, P4: what could not be announced cannot be deployed either.
    function test_aDeploymentKeepsTheBounds() public {
        IPolicy.RoleParameters[] memory roles = new IPolicy.RoleParameters[](1);
        IPolicy.ParameterParameters[] memory numbers = new IPolicy.ParameterParameters[](0);
        roles[0] = IPolicy.RoleParameters(Names.GOVERNOR, GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.ZeroHash.selector));
        deployWith(0, roles, numbers);
        roles[0].holder = address(0);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.NotAnAddress.selector, bytes32(0)));
        deployWith(HASH, roles, numbers);
        roles[0].holder = GOVERNOR;
        numbers = new IPolicy.ParameterParameters[](1);
        numbers[0] = IPolicy.ParameterParameters(NUMBER, 11, 0, 10);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.OutOfBounds.selector, 11, 0, 10));
        deployWith(HASH, roles, numbers);
    }

    /// P5
    function test_eachOfTheThreeIsPausedForTheLongestPauseAndResumedOnlyThen() public {
        bytes32[3] memory all = [Names.POSTING, Names.SLASHING, Names.SALE];
        vm.startPrank(GUARDIAN);
        for (uint256 n = 0; n < 3; n++) {
            vm.expectRevert(abi.encodeWithSelector(IPolicy.NotPaused.selector, all[n]));
            policy.resume(all[n]);
            policy.pause(all[n], PAUSE_MAX);
            assertTrue(policy.paused(all[n]), "paused");
            policy.resume(all[n]);
        }
    }

    function test_everyStepOfAChangeIsTold() public {
        bytes32 value = bytes32(uint256(11));
        (IPolicy.Kind parameter, IPolicy.Kind role) = (IPolicy.Kind.Parameter, IPolicy.Kind.Role);
        uint64 from = uint64(block.timestamp) + DELAY;
        vm.expectEmit();
        emit IPolicy.Announced(parameter, NUMBER, value, from, from + GRACE);
        announceParameter(11);
        vm.expectEmit();
        emit IPolicy.Cancelled(parameter, NUMBER, value);
        vm.prank(GOVERNOR);
        policy.cancel(parameter, NUMBER);

        announceParameter(11);
        vm.startPrank(GOVERNOR);
        policy.announce(role, Names.POSTER, bytes32(uint256(uint160(STRANGER))));
        policy.announce(IPolicy.Kind.Hash, 0, value);
        vm.stopPrank();
        vm.warp(from);
        vm.expectEmit();
        emit IPolicy.ParameterSet(NUMBER, 11);
        policy.execute(parameter, NUMBER);
        vm.expectEmit();
        emit IPolicy.RoleSet(Names.POSTER, STRANGER);
        policy.execute(role, Names.POSTER);
        vm.expectEmit();
        emit IPolicy.HashSet(value, from);
        policy.execute(IPolicy.Kind.Hash, 0);
    }

    function test_aPauseAndItsEndAreTold() public {
        vm.startPrank(GUARDIAN);
        vm.expectEmit();
        emit IPolicy.Paused(Names.SALE, uint64(block.timestamp) + 5);
        policy.pause(Names.SALE, 5);
        vm.expectEmit();
        emit IPolicy.Resumed(Names.SALE);
        policy.resume(Names.SALE);
    }

    function newPolicyWith(IPolicy.ParameterParameters[] memory more) external returns (Policy) {
        return newPolicy(more);
    }

    function deployWith(
        bytes32 hash,
        IPolicy.RoleParameters[] memory roles,
        IPolicy.ParameterParameters[] memory numbers
    ) private {
        deploy("Policy", abi.encode(hash, roles, numbers, IPolicy.Timing(DELAY, GRACE, PAUSE_MAX, PAUSE_COOLDOWN)));
    }

    function announceParameter(uint256 value) private {
        vm.prank(GOVERNOR);
        policy.announce(IPolicy.Kind.Parameter, NUMBER, bytes32(value));
    }

    function expectNothingAnnounced() private {
        vm.expectRevert(abi.encodeWithSelector(IPolicy.NothingAnnounced.selector, IPolicy.Kind.Parameter, NUMBER));
    }

    function change(IPolicy.Kind kind, bytes32 name, bytes32 value) private {
        vm.prank(GOVERNOR);
        policy.announce(kind, name, value);
        vm.warp(block.timestamp + DELAY);
        policy.execute(kind, name);
    }
}
