// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeSink} from "../src/FeeSink.sol";
import {IFeeSink} from "../src/interfaces/IFeeSink.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {Token} from "../src/Token.sol";
import {BlacklistToken} from "./hostile/BlacklistToken.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {ReentrantToken} from "./hostile/ReentrantToken.sol";
import {PolicyFixture} from "./PolicyFixture.sol";
import {Test} from "./Vm.sol";

/// @dev Three shares: the poster's stands for a treasury, the arbiter's for a second one, and the burn.
abstract contract SinkFixture is PolicyFixture {
    function newSink(address minter) internal returns (FeeSink sink, Policy policy, Token token) {
        bytes32[] memory names = new bytes32[](3);
        (names[0], names[1], names[2]) = (Names.POSTER, Names.ARBITER, Names.BURN);
        uint256[3] memory values = [uint256(600_000), 150_000, 250_000];
        IPolicy.ParameterParameters[] memory weights = new IPolicy.ParameterParameters[](3);
        for (uint256 n = 0; n < 3; n++) {
            weights[n] = IPolicy.ParameterParameters(Names.shareWeight(names[n]), values[n], 0, 1_000_000);
        }
        policy = newPolicy(weights);
        token = Token(deploy("Token", abi.encode("Coop", "COOP", 18, minter, type(uint256).max)));
        sink = FeeSink(deploy("FeeSink", abi.encode(policy, token, names)));
    }
}

contract FeeSinkTest is Test, SinkFixture {
    FeeSink internal sink;
    Policy internal policy;
    Token internal token;
    FreeToken internal dollars;

    function setUp() public {
        (sink, policy, token) = newSink(address(this));
        dollars = new FreeToken(6);
    }

    /// F1, F2
    function testFuzz_dollarsAreDividedAndTheBurnShareWaitsForTheBuyer(uint128 amount) public {
        amount = uint128(bound(amount, 20, type(uint128).max));
        dollars.mint(address(sink), amount);
        sink.distribute(address(dollars));
        uint256 full = amount;
        assertEq(sink.owed(address(dollars), Names.POSTER), full * 60 / 100, "treasury");
        assertEq(sink.owed(address(dollars), Names.BURN), full * 25 / 100, "burn share");
        sink.withdraw(address(dollars), Names.BURN);
        assertEq(dollars.balanceOf(BUYER), full * 25 / 100, "to the buyer");
        sink.withdraw(address(dollars), Names.POSTER);
        sink.withdraw(address(dollars), Names.ARBITER);
        assertLe(dollars.balanceOf(address(sink)), 2, "carried");
        assertEq(sink.owedInAll(address(dollars)), 0, "owed");
    }

    /// F1: of the network's own token the share is burnt, for everybody to see in the supply.
    function testFuzz_theBurnShareOfTheOwnTokenIsBurnt(uint128 amount) public {
        amount = uint128(bound(amount, 20, type(uint128).max));
        token.mint(address(sink), amount);
        sink.distribute(address(token));
        assertEq(token.totalSupply(), amount - uint256(amount) * 25 / 100, "supply");
        vm.expectRevert(abi.encodeWithSelector(IFeeSink.NothingOwed.selector, address(token), Names.BURN));
        sink.withdraw(address(token), Names.BURN);
    }

    /// F2: a unit that does not divide waits until it does, however often somebody asks.
    function test_whatDoesNotDivideIsCarried() public {
        dollars.mint(address(sink), 1);
        for (uint256 n = 0; n < 3; n++) {
            vm.expectRevert(abi.encodeWithSelector(IFeeSink.NothingToDistribute.selector, address(dollars)));
            sink.distribute(address(dollars));
        }
        dollars.mint(address(sink), 19);
        sink.distribute(address(dollars));
        assertEq(sink.owedInAll(address(dollars)), 20, "all of it");
    }

    /// F3
    function test_oneHoldersRefusalStopsNobodyElse() public {
        BlacklistToken blacklist = new BlacklistToken();
        blacklist.mint(address(sink), 100);
        blacklist.setBlocked(POSTER, true);
        sink.distribute(address(blacklist));
        vm.expectRevert(abi.encodeWithSelector(BlacklistToken.Blocked.selector, POSTER));
        sink.withdraw(address(blacklist), Names.POSTER);
        sink.withdraw(address(blacklist), Names.ARBITER);
        assertEq(blacklist.balanceOf(ARBITER), 15, "paid");
        assertEq(sink.owed(address(blacklist), Names.POSTER), 60, "still owed");
    }

    /// F1
    function test_aTokenThatCallsBackIsNotDividedTwice() public {
        ReentrantToken hook = new ReentrantToken();
        hook.mint(address(sink), 1_000);
        sink.distribute(address(hook));
        hook.arm(address(sink), abi.encodeCall(IFeeSink.distribute, (address(hook))));
        sink.withdraw(address(hook), Names.POSTER);
        assertTrue(hook.called() && !hook.succeeded(), "called back, in vain");
        assertEq(sink.owedInAll(address(hook)), 400, "still owed");
    }

    /// F1
    function test_aTokenThatCallsBackIsPaidOnce() public {
        ReentrantToken hook = new ReentrantToken();
        hook.mint(address(sink), 1_000);
        sink.distribute(address(hook));
        hook.arm(address(sink), abi.encodeCall(IFeeSink.withdraw, (address(hook), Names.ARBITER)));
        sink.withdraw(address(hook), Names.POSTER);
        assertTrue(hook.called() && !hook.succeeded(), "called back, in vain");
        assertEq(hook.balanceOf(POSTER), 600, "once");
        assertEq(sink.owedInAll(address(hook)), 400, "still owed");
    }

    function test_whatIsDividedAndPaidIsTold() public {
        token.mint(address(sink), 103);
        uint256[] memory parts = new uint256[](3);
        (parts[0], parts[1], parts[2]) = (61, 15, 25);
        vm.expectEmit();
        emit IFeeSink.Distributed(address(token), 101, parts, 25);
        sink.distribute(address(token));
        vm.expectEmit();
        emit IFeeSink.Withdrawn(address(token), Names.POSTER, POSTER, 61);
        sink.withdraw(address(token), Names.POSTER);
    }

    function test_aShareWithoutARoleIsRefusedAndWithoutWeightNothingIsDivided() public {
        bytes32[] memory names = new bytes32[](1);
        names[0] = "NOBODY";
        vm.expectRevert(abi.encodeWithSelector(IPolicy.UnknownName.selector, names[0]));
        FeeSink(deploy("FeeSink", abi.encode(policy, token, names)));
        FeeSink empty = FeeSink(deploy("FeeSink", abi.encode(policy, token, new bytes32[](0))));
        dollars.mint(address(empty), 5);
        vm.expectRevert(abi.encodeWithSelector(IFeeSink.NoWeight.selector));
        empty.distribute(address(dollars));
    }
}

/// @dev Fees come in two tokens, anybody distributes and withdraws, weights change.
contract FeeSinkHandler is Test, SinkFixture {
    FeeSink public immutable SINK_;
    Policy public immutable POLICY;
    Token public immutable TOKEN;
    FreeToken public immutable DOLLARS = new FreeToken(6);
    mapping(address token => uint256 amount) public came;
    mapping(address token => uint256 amount) public left;

    constructor() {
        (SINK_, POLICY, TOKEN) = newSink(address(this));
    }

    function pay(bool inDollars, uint64 amount) external {
        amount = uint64(bound(amount, 1, type(uint64).max));
        if (inDollars) DOLLARS.mint(address(SINK_), amount);
        else TOKEN.mint(address(SINK_), amount);
        came[tokenOf(inDollars)] += amount;
    }

    function paySmall(bool inDollars, uint8 amount) external {
        if (inDollars) DOLLARS.mint(address(SINK_), amount);
        else TOKEN.mint(address(SINK_), amount);
        came[tokenOf(inDollars)] += amount;
    }

    function distribute(bool inDollars) external {
        uint256 supply = TOKEN.totalSupply();
        SINK_.distribute(tokenOf(inDollars));
        left[address(TOKEN)] += supply - TOKEN.totalSupply();
    }

    function withdraw(bool inDollars, uint256 share) external {
        left[tokenOf(inDollars)] += SINK_.withdraw(tokenOf(inDollars), shareAt(share));
    }

    function changeWeight(uint256 share, uint256 weight) external {
        bytes32 name = Names.shareWeight(shareAt(share));
        vm.prank(GOVERNOR);
        POLICY.announce(IPolicy.Kind.Parameter, name, bytes32(bound(weight, 0, 1_000_000)));
        vm.warp(block.timestamp + DELAY);
        POLICY.execute(IPolicy.Kind.Parameter, name);
    }

    function shareAt(uint256 share) public view returns (bytes32) {
        return SINK_.shares()[bound(share, 0, 2)];
    }

    function tokenOf(bool inDollars) public view returns (address) {
        return inDollars ? address(DOLLARS) : address(TOKEN);
    }
}

contract FeeSinkInvariants is Test, SinkFixture {
    FeeSinkHandler internal handler;
    FeeSink internal sink;

    function setUp() public {
        handler = new FeeSinkHandler();
        sink = handler.SINK_();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// F1, F2
    function invariant_whatCameInIsWhatLeftAndWhatIsHeldForTheShares() public view {
        for (uint256 kind = 0; kind < 2; kind++) {
            address token = handler.tokenOf(kind == 0);
            uint256 held = FreeToken(token).balanceOf(address(sink));
            assertEq(handler.came(token), handler.left(token) + held, "F1");
            uint256 owed = 0;
            for (uint256 n = 0; n < 3; n++) owed += sink.owed(token, handler.shareAt(n));
            assertEq(owed, sink.owedInAll(token), "F2 owed");
            assertLe(owed, held, "F2 held");
        }
    }
}
