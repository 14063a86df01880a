// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Token} from "../src/Token.sol";
import {Test} from "./Vm.sol";

contract TokenTest is Test {
    uint256 internal constant CAP = 1_000e18;
    Token internal token;

    function setUp() public {
        token = Token(deploy("Token", abi.encode("Coop", "COOP", 18, address(this), CAP)));
    }

    function testFuzz_mintingNeverExceedsTheCap(uint256 first, uint256 second) public {
        first = bound(first, 0, CAP);
        token.mint(address(1), first);
        second = bound(second, CAP - first + 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Token.CapExceeded.selector, first, second, CAP));
        token.mint(address(1), second);
        assertEq(token.totalSupply(), first, "supply");
    }

    function testFuzz_burningMakesNoRoomUnderTheCap(uint256 burnt) public {
        token.mint(address(this), CAP);
        burnt = bound(burnt, 1, CAP);
        token.burn(burnt);
        vm.expectRevert(abi.encodeWithSelector(Token.CapExceeded.selector, CAP, burnt, CAP));
        token.mint(address(this), burnt);
    }

    function testFuzz_aUnitIsDividedAsTheDeploymentSays(uint8 decimals) public {
        token = Token(deploy("Token", abi.encode("Coop", "COOP", decimals, address(this), CAP)));
        assertEq(token.decimals(), decimals, "decimals");
    }

    function testFuzz_nobodyElseMints(address caller) public {
        vm.assume(caller != address(this));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(Token.NotEmission.selector, caller));
        token.mint(caller, 1);
    }
}
