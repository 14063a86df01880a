// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {Test} from "./Vm.sol";

/// @dev A real Policy with known roles for the tests of the contracts that read one. A contract's test may add parameters of its own.
abstract contract PolicyFixture is Test {
    address internal constant GOVERNOR = address(0x60);
    address internal constant GUARDIAN = address(0x61);
    address internal constant POSTER = address(0x62);
    address internal constant ARBITER = address(0x63);
    address internal constant SINK = address(0x64);
    address internal constant BUYER = address(0x65);
    address internal constant STRANGER = address(0x66);
    bytes32 internal constant HASH = keccak256("policy");
    uint64 internal constant DELAY = 2 days;
    uint64 internal constant GRACE = 7 days;
    uint64 internal constant PAUSE_MAX = 3 days;
    uint64 internal constant PAUSE_COOLDOWN = 30 days;

    function newPolicy() internal returns (Policy policy) {
        return newPolicy(new IPolicy.ParameterParameters[](0));
    }

    function newPolicy(IPolicy.ParameterParameters[] memory more) internal returns (Policy policy) {
        IPolicy.RoleParameters[] memory roles = new IPolicy.RoleParameters[](6);
        roles[0] = IPolicy.RoleParameters(Names.GOVERNOR, GOVERNOR);
        roles[1] = IPolicy.RoleParameters(Names.GUARDIAN, GUARDIAN);
        roles[2] = IPolicy.RoleParameters(Names.POSTER, POSTER);
        roles[3] = IPolicy.RoleParameters(Names.ARBITER, ARBITER);
        roles[4] = IPolicy.RoleParameters(Names.SINK, SINK);
        roles[5] = IPolicy.RoleParameters(Names.BUYER, BUYER);
        IPolicy.ParameterParameters[] memory own = ownParameters();
        IPolicy.ParameterParameters[] memory numbers =
            new IPolicy.ParameterParameters[](own.length + more.length);
        for (uint256 n = 0; n < own.length; n++) numbers[n] = own[n];
        for (uint256 n = 0; n < more.length; n++) numbers[own.length + n] = more[n];
        return Policy(deploy("Policy", abi.encode(HASH, roles, numbers, IPolicy.Timing(DELAY, GRACE, PAUSE_MAX, PAUSE_COOLDOWN))));
    }

    function ownParameters() private pure returns (IPolicy.ParameterParameters[] memory own) {
        own = new IPolicy.ParameterParameters[](7);
        own[0] = IPolicy.ParameterParameters(Names.POSTER_BOND, 1_000, 10, 1_000_000);
        own[1] = IPolicy.ParameterParameters(Names.DISPUTE_BOND, 500, 10, 1_000_000);
        own[2] = IPolicy.ParameterParameters(Names.DISPUTE_SECONDS, 3 days, 1 days, 14 days);
        own[3] = IPolicy.ParameterParameters(Names.ARBITER_SECONDS, 7 days, 3 days, 30 days);
        own[4] = IPolicy.ParameterParameters(Names.SILENCE_SECONDS, 14 days, 7 days, 60 days);
        own[5] = IPolicy.ParameterParameters(Names.GRANT_MAX, type(uint128).max, 1, type(uint128).max);
        own[6] = IPolicy.ParameterParameters(Names.APPEAL_BOND, 50, 1, 1_000);
    }

    /// @dev Whether a fuzzed name happens to be one of this fixture.
    function isName(bytes32 name) internal pure returns (bool) {
        IPolicy.ParameterParameters[] memory own = ownParameters();
        for (uint256 n = 0; n < own.length; n++) if (own[n].name == name) return true;
        return name == Names.GOVERNOR || name == Names.GUARDIAN || name == Names.POSTER || name == Names.ARBITER
            || name == Names.SINK || name == Names.BUYER;
    }
}
