// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../src/Escrow.sol";
import {IEscrow} from "../src/interfaces/IEscrow.sol";
import {LeakyBucket} from "../src/LeakyBucket.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {PolicyFixture} from "./PolicyFixture.sol";
import {Test} from "./Vm.sol";

/// @dev An escrow with a token of six decimals, one lane of money in it, and the shortest way to a signed statement.
abstract contract EscrowFixture is Test, PolicyFixture {
    uint256 internal constant METER_KEY = 0xA11CE;
    uint256 internal constant RENTER_KEY = 0xB0B;
    address internal constant PROVIDER = address(0x70);
    address internal constant OTHER_PROVIDER = address(0x71);
    uint256 internal constant FEE_MAX_PPM = 250_000;
    uint64 internal constant THAW = 14 days;
    uint64 internal constant HALT_MAX = 3 days;
    uint64 internal constant HALT_EVERY = 60 days;
    uint96 internal constant MUCH = type(uint96).max;
    /// @dev Tests warp to START + something: the optimiser reads `block.timestamp` again where a variable that holds it is used.
    uint256 internal constant START = 1_800_000_000;

    Escrow internal escrow;
    FreeToken internal token;
    address internal meter;
    address internal renter;

    function setUpEscrow() internal {
        vm.warp(START);
        escrow = Escrow(deploy("Escrow", abi.encode(newPolicy(), FEE_MAX_PPM, THAW, HALT_MAX, HALT_EVERY)));
        token = new FreeToken(6);
        meter = vm.addr(METER_KEY);
        renter = vm.addr(RENTER_KEY);
    }

    function openLane() internal view returns (IEscrow.Lane memory lane) {
        return IEscrow.Lane({renter: renter, meter: meter, token: address(token), provider: address(0)});
    }

    function fund(IEscrow.Lane memory lane, uint256 amount) internal {
        FreeToken(lane.token).mint(address(this), amount);
        FreeToken(lane.token).approve(address(escrow), amount);
        escrow.deposit(lane, amount);
    }

    function setLimit(IEscrow.Lane memory lane, uint96 perSecond, uint96 burst) internal {
        vm.prank(lane.renter);
        escrow.setLimit(lane, limitOf(perSecond, burst));
    }

    function limitOf(uint96 perSecond, uint96 burst) internal pure returns (LeakyBucket.Limit memory limit) {
        return LeakyBucket.Limit({perSecond: perSecond, burst: burst});
    }

    function fundedLane(uint256 amount) internal returns (IEscrow.Lane memory lane) {
        lane = openLane();
        fund(lane, amount);
        setLimit(lane, MUCH, MUCH);
    }

    function statement(IEscrow.Lane memory lane, address provider, uint128 gross, uint128 net)
        internal
        pure
        returns (IEscrow.Statement memory made)
    {
        IEscrow.Line[] memory lines = new IEscrow.Line[](1);
        lines[0] = IEscrow.Line({renter: lane.renter, gross: gross, net: net});
        return IEscrow.Statement({
            meter: lane.meter,
            token: lane.token,
            provider: provider,
            named: lane.provider != address(0),
            lines: lines
        });
    }

    function signed(IEscrow.Statement memory made, uint256 key) internal view returns (bytes memory signature) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, escrow.statementDigest(made));
        return abi.encodePacked(r, s, v);
    }

    function redeem(IEscrow.Statement memory made, bytes memory signature) internal returns (uint256 net) {
        IEscrow.Statement[] memory statements = new IEscrow.Statement[](1);
        bytes[] memory signatures = new bytes[](1);
        (statements[0], signatures[0]) = (made, signature);
        return escrow.redeem(statements, signatures)[0];
    }

    /// @dev What the meter signs for one renter's cumulative sums, redeemed at once.
    function serve(IEscrow.Lane memory lane, address provider, uint128 gross, uint128 net) internal returns (uint256 paid) {
        IEscrow.Statement memory made = statement(lane, provider, gross, net);
        return redeem(made, signed(made, METER_KEY));
    }
}
