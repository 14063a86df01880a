// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "../src/Emission.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {PolicyMath} from "../src/PolicyMath.sol";
import {Token} from "../src/Token.sol";
import {EmissionFixture} from "./EmissionFixture.sol";
import {Test} from "./Vm.sol";

contract EmissionTest is Test, EmissionFixture {
    Emission internal emission;
    Policy internal policy;
    uint256 internal start;

    function setUp() public {
        vm.warp(1_000_000);
        start = 1_000_000;
        address self = address(this);
        (emission, policy) = newEmission([self, self, self, self]);
    }

    /// E2: whether released every epoch or once, the sum is the same.
    function testFuzz_missedEpochsLoseNothing(uint64 elapsed, uint8 stops) public {
        elapsed = uint64(bound(elapsed, 1, 30 * 365 days));
        uint256 calls = bound(stops, 1, 12);
        for (uint256 n = 1; n <= calls; n++) {
            vm.warp(start + elapsed * n / calls);
            emission.release(0, emission.releasable(0));
        }
        address self = address(this);
        vm.warp(start);
        (Emission once,) = newEmission([self, self, self, self]);
        vm.warp(start + elapsed);
        assertEq(emission.accrued(0), once.releasable(0), "accrued");
        (,, uint256 released) = emission.poolOf(0);
        assertEq(released, once.releasable(0), "released");
    }

    /// E1, E3
    function testFuzz_noMoreThanAccruedIsReleased(uint64 elapsed, uint256 taken, uint256 more) public {
        vm.warp(start + bound(elapsed, 0, 100 * 365 days));
        uint256 available = emission.releasable(1);
        taken = bound(taken, 0, available);
        emission.release(1, taken);
        assertEq(emission.releasable(1), available - taken, "deferred");
        more = bound(more, available - taken + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IEmission.NotReleasable.selector, 1, more, available - taken)
        );
        emission.release(1, more);
    }

    /// E6
    function testFuzz_onlyTheRecipientReleases(address caller) public {
        vm.assume(caller != address(this));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotRecipient.selector, caller, address(this)));
        emission.release(0, 1);
    }

    function testFuzz_whatIsNotThereIsRefused(uint256 pool, uint256 curve) public {
        pool = bound(pool, 4, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IEmission.UnknownPool.selector, pool));
        emission.release(pool, 0);
        vm.expectRevert(abi.encodeWithSelector(IEmission.UnknownPool.selector, pool));
        emission.releasable(pool);
        curve = bound(curve, 2, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IEmission.UnknownCurve.selector, curve));
        emission.sync(curve);
    }

    function test_beforeTheStartNothingIsReleasable() public {
        vm.warp(start - 1);
        assertEq(emission.releasable(0), 0, "releasable");
        vm.warp(start);
        assertEq(emission.releasable(0), 450_000_000e18, "nine tenths of the genesis");
    }

    /// E1: an epoch counts once it is over.
    function testFuzz_withinAnEpochNothingMoreIsReleasable(uint64 elapsed) public {
        uint256 epoch = bound(elapsed, 0, 19 * 365 days) / 1 hours;
        vm.warp(start + epoch * 1 hours);
        uint256 ceiling = emission.ceiling(DECAY);
        vm.warp(start + epoch * 1 hours + 1 hours - 1);
        assertEq(emission.ceiling(DECAY), ceiling, "to its last second");
        vm.warp(start + epoch * 1 hours + 1 hours);
        assertLe(ceiling + 1, emission.ceiling(DECAY), "then");
    }

    function test_theTokenIsTheOneThatWasAskedFor() public view {
        Token token = emission.TOKEN();
        assertTrue(keccak256(bytes(token.name())) == keccak256("Coop"), "name");
        assertTrue(keccak256(bytes(token.symbol())) == keccak256("COOP"), "symbol");
        assertEq(token.decimals(), 18, "decimals");
        assertEq(token.CAP(), uint256(DECAY_CAP) + LINE_CAP, "cap");
    }

    /// E1: everything at the start, and everything with the first epoch, are curves too.
    function test_aCurveMayEndWhereItBeginsOrWithItsFirstEpoch() public {
        IEmission.CurveParameters[] memory curves = new IEmission.CurveParameters[](1);
        curves[0].decay = PolicyMath.Decay({genesis: 5, first: 3, cap: 5, decayRay: 1e27, epochSeconds: 1});
        assertEq(alone(curves).ceiling(0), 5, "all of it");
        curves[0].decay = PolicyMath.Decay({genesis: 5, first: 3, cap: 9, decayRay: 1e27, epochSeconds: 1});
        Emission once = alone(curves);
        vm.warp(block.timestamp + 100);
        assertEq(once.ceiling(0), 8, "the first epoch alone");
    }

    /// E5: announced, executed, and still without effect on what was accrued, before and after it is brought over.
    function testFuzz_newWeightsCountFromTheInstantAtWhichTheyAreBroughtOver(uint32 wait, uint256 weight) public {
        weight = bound(weight, 0, 1_000_000);
        setWeight(1, weight);
        vm.warp(block.timestamp + bound(wait, 0, 365 days));
        uint256[3] memory before = [emission.accrued(0), emission.accrued(1), emission.accrued(2)];
        emission.sync(DECAY);
        for (uint256 n = 0; n < 3; n++) assertNear(emission.accrued(n), before[n], "accrued at the sync");
        uint256 ceiling = emission.ceiling(DECAY);
        vm.warp(block.timestamp + 1000 hours);
        uint256 given = emission.ceiling(DECAY) - ceiling;
        assertNear(emission.accrued(1) - before[1], given * weight / (930_000 + weight), "new share");
    }

    /// E4, E5
    function test_eachCurveIsBroughtOverByItself() public {
        vm.warp(start + CLIFF + TERM / 2);
        uint256 before = emission.accrued(LINE_POOL);
        emission.sync(LINE);
        assertEq(emission.accrued(LINE_POOL), before, "accrued");
        vm.warp(start + CLIFF + TERM);
        assertEq(emission.accrued(LINE_POOL), LINE_CAP, "all of it at the end");
    }

    /// E5
    function test_withoutAnyWeightTheOldOnesStay() public {
        for (uint256 n = 0; n < 3; n++) setWeight(n, 0);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NoWeight.selector, DECAY));
        emission.sync(DECAY);
        assertEq(emission.weightsOf(DECAY)[0], 900_000, "weight");
    }

    /// E1
    function testFuzz_curvesBeyondTheCapAreRefused(uint256 cap) public {
        cap = bound(cap, 0, uint256(DECAY_CAP) - 1);
        IEmission.CurveParameters[] memory curves = new IEmission.CurveParameters[](1);
        curves[0].decay = PolicyMath.Decay(1, 1, DECAY_CAP, 1, 1);
        expectRefusal(curves, cap, abi.encodeWithSelector(IEmission.CurvesExceedCap.selector, DECAY_CAP, cap));
    }

    function test_aCurveThatGoesBackOrHasNoPoolIsRefused() public {
        IEmission.CurveParameters[] memory curves = new IEmission.CurveParameters[](1);
        bytes memory invalid = abi.encodeWithSelector(IEmission.InvalidDecay.selector, 0);
        curves[0].decay = PolicyMath.Decay({genesis: 2, first: 1, cap: 1, decayRay: 1, epochSeconds: 1});
        expectRefusal(curves, 1e30, invalid);
        curves[0].decay = PolicyMath.Decay({genesis: 0, first: 1, cap: 1, decayRay: 0, epochSeconds: 1});
        expectRefusal(curves, 1e30, invalid);
        curves[0].decay = PolicyMath.Decay({genesis: 0, first: 1, cap: 1, decayRay: 1e27 + 1, epochSeconds: 1});
        expectRefusal(curves, 1e30, invalid);
        curves[0].decay = PolicyMath.Decay({genesis: 0, first: 1, cap: 1, decayRay: 1, epochSeconds: 0});
        expectRefusal(curves, 1e30, invalid);
        curves[0].points = new PolicyMath.Point[](2);
        curves[0].points[0] = PolicyMath.Point(1, 0);
        expectRefusal(curves, 1e30, abi.encodeWithSelector(IEmission.InvalidPoint.selector, 0, 0));
        curves[0].points[0] = PolicyMath.Point(0, 2);
        curves[0].points[1] = PolicyMath.Point(5, 1);
        expectRefusal(curves, 1e30, abi.encodeWithSelector(IEmission.InvalidPoint.selector, 0, 1));
        curves[0].points = new PolicyMath.Point[](3);
        curves[0].points[1] = PolicyMath.Point(5, 1);
        curves[0].points[2] = PolicyMath.Point(4, 2);
        expectRefusal(curves, 1e30, abi.encodeWithSelector(IEmission.InvalidPoint.selector, 0, 2));
        curves[0].points[2] = PolicyMath.Point(5, 2);
        expectRefusal(curves, 1e30, abi.encodeWithSelector(IEmission.CurveWithoutPool.selector, 0));
    }

    function test_whatIsReleasedAndBroughtOverIsTold() public {
        vm.warp(start);
        vm.expectEmit();
        emit IEmission.Released(1, address(this), 7);
        emission.release(1, 7);
        setWeight(1, 80_000);
        uint256[] memory weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) = (900_000, 80_000, 30_000);
        vm.warp(start);
        vm.expectEmit();
        emit IEmission.Synced(DECAY, 500_000_000e18, weights);
        emission.sync(DECAY);
    }

    /// @dev An Emission with one curve and one pool, that begins now.
    function alone(IEmission.CurveParameters[] memory curves) private returns (Emission) {
        IEmission.PoolParameters[] memory pools = new IEmission.PoolParameters[](1);
        pools[0] = IEmission.PoolParameters({curve: 0, recipient: address(this)});
        IEmission.TokenParameters memory parameters = IEmission.TokenParameters("Coop", "COOP", 18, 100);
        return Emission(
            deploy("Emission", abi.encode(parameters, policy, uint64(block.timestamp), curves, pools))
        );
    }

    function expectRefusal(IEmission.CurveParameters[] memory curves, uint256 cap, bytes memory reason) private {
        vm.expectRevert(reason);
        Emission(deploy("Emission", abi.encode(IEmission.TokenParameters("Coop", "COOP", 18, cap), policy, 0, curves, new IEmission.PoolParameters[](0))));
    }

    function setWeight(uint256 pool, uint256 weight) private {
        bytes32 name = Names.poolWeight(pool);
        vm.prank(GOVERNOR);
        policy.announce(IPolicy.Kind.Parameter, name, bytes32(weight));
        vm.warp(block.timestamp + DELAY);
        policy.execute(IPolicy.Kind.Parameter, name);
    }

    /// @dev Within what is carried over: less than one smallest unit per pool.
    function assertNear(uint256 left, uint256 right, string memory what) private pure {
        assertLe(left, right + 3, what);
        assertLe(right, left + 3, what);
    }
}
