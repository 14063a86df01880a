// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "../src/Emission.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {Token} from "../src/Token.sol";
import {EmissionFixture} from "./EmissionFixture.sol";
import {Test} from "./Vm.sol";

/// @dev Recipients who grab, strangers who poke, a governor who changes weights, and time that jumps.
contract EmissionHandler is Test, EmissionFixture {
    Emission public immutable EMISSION;
    Policy public immutable POLICY;
    address[4] public recipients = [address(0xA0), address(0xA1), address(0xA1), address(0xA3)];
    uint256 public burnt;
    uint256 public calls;
    string public broken;
    uint256[4] private accruedBefore;

    constructor() {
        (EMISSION, POLICY) = newEmission(recipients);
    }

    modifier watched() {
        _;
        calls++;
        for (uint256 n = 0; n < 4; n++) {
            uint256 accrued = EMISSION.accrued(n);
            if (accrued < accruedBefore[n]) broken = "E3: accrued fell";
            accruedBefore[n] = accrued;
        }
    }

    function wait(uint32 moment) external watched {
        vm.warp(block.timestamp + bound(moment, 1, 40 days));
    }

    function waitLong(uint32 moment) external watched {
        vm.warp(block.timestamp + bound(moment, 1 days, 10 * 365 days));
    }

    function release(uint256 pool, uint256 amount) external watched {
        pool = bound(pool, 0, 3);
        amount = bound(amount, 0, EMISSION.releasable(pool));
        vm.prank(recipients[pool]);
        EMISSION.release(pool, amount);
    }

    function releaseAll(uint256 pool) external watched {
        pool = bound(pool, 0, 3);
        uint256 amount = EMISSION.releasable(pool);
        vm.prank(recipients[pool]);
        EMISSION.release(pool, amount);
    }

    function grab(uint256 pool, uint256 amount, address thief) external watched {
        pool = bound(pool, 0, 3);
        bool isRecipient = thief == recipients[pool];
        if (isRecipient) amount = bound(amount, EMISSION.releasable(pool) + 1, type(uint256).max);
        vm.prank(thief);
        try EMISSION.release(pool, amount) {
            broken = "E6: released more, or by another";
        } catch {}
    }

    function sync(uint256 curve) external watched {
        EMISSION.sync(bound(curve, 0, 1));
    }

    function changeWeight(uint256 pool, uint256 weight) external watched {
        bytes32 name = Names.poolWeight(bound(pool, 0, 3));
        vm.prank(GOVERNOR);
        POLICY.announce(IPolicy.Kind.Parameter, name, bytes32(bound(weight, 0, 1_000_000)));
        vm.warp(block.timestamp + DELAY);
        POLICY.execute(IPolicy.Kind.Parameter, name);
    }

    function burn(uint256 pool, uint256 amount) external watched {
        Token token = EMISSION.TOKEN();
        address holder = recipients[bound(pool, 0, 3)];
        amount = bound(amount, 0, token.balanceOf(holder));
        vm.prank(holder);
        token.burn(amount);
        burnt += amount;
    }

    function mint(address thief, uint256 amount) external watched {
        vm.assume(thief != address(EMISSION));
        Token token = EMISSION.TOKEN();
        vm.prank(thief);
        try token.mint(thief, amount) {
            broken = "T2: minted by another";
        } catch {}
    }
}

contract EmissionInvariants is Test, EmissionFixture {
    EmissionHandler internal handler;
    Emission internal emission;

    function setUp() public {
        vm.warp(1_000_000);
        handler = new EmissionHandler();
        emission = handler.EMISSION();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_noHandlerSawARuleBroken() public view {
        require(bytes(handler.broken()).length == 0, handler.broken());
    }

    /// E1
    function invariant_releasedIsAtMostTheCurveAndItsCap() public view {
        uint256 decay = releasedOf(0) + releasedOf(1) + releasedOf(2);
        assertLe(decay, emission.ceiling(DECAY), "E1 decay");
        assertLe(releasedOf(LINE_POOL), emission.ceiling(LINE), "E1 line");
        assertLe(emission.ceiling(DECAY), DECAY_CAP, "E1 cap");
        assertLe(emission.ceiling(LINE), LINE_CAP, "E1 cap");
    }

    /// E4
    function invariant_aSplitLosesAndCreatesNothing() public view {
        uint256 sum = emission.accrued(0) + emission.accrued(1) + emission.accrued(2);
        assertLe(sum, emission.ceiling(DECAY), "E4 created");
        assertLe(emission.ceiling(DECAY), sum + 2, "E4 lost");
        assertEq(emission.accrued(LINE_POOL), emission.ceiling(LINE), "E4 alone");
    }

    /// T1, T3
    function invariant_supplyIsWhatWasReleasedLessWhatWasBurnt() public view {
        Token token = emission.TOKEN();
        uint256 released = releasedOf(0) + releasedOf(1) + releasedOf(2) + releasedOf(LINE_POOL);
        assertEq(token.minted(), released, "T3 minted");
        assertEq(token.totalSupply(), released - handler.burnt(), "T3 supply");
        assertLe(token.minted(), token.CAP(), "T1 cap");
    }

    function releasedOf(uint256 pool) private view returns (uint256 released) {
        (,, released) = emission.poolOf(pool);
    }
}
