// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../src/interfaces/IEscrow.sol";
import {StatementLine} from "../src/StatementLine.sol";
import {EscrowFixture} from "./EscrowFixture.sol";
import {BlacklistToken} from "./hostile/BlacklistToken.sol";
import {FeeToken} from "./hostile/FeeToken.sol";
import {HostileMeter} from "./hostile/HostileMeter.sol";
import {ReentrantToken} from "./hostile/ReentrantToken.sol";

/// @dev Statements: what is paid, what is skipped, and with whom. The numbers are those of INVARIANTS.md.
contract EscrowRedeemTest is EscrowFixture {
    event Skipped(bytes32 indexed lane, address indexed provider, StatementLine.Outcome outcome);
    event Refused(address indexed meter, address indexed provider, IEscrow.Refusal refusal);

    function setUp() public {
        setUpEscrow();
    }

    function testFuzz_x2_aLinePaysOnceWhatItSays(uint128 gross, uint128 more) public {
        gross = uint128(bound(gross, 1, MUCH / 2));
        more = uint128(bound(more, 0, MUCH / 2));
        IEscrow.Lane memory lane = fundedLane(uint256(gross) + more);
        assertEq(serve(lane, PROVIDER, gross, gross), gross, "first");
        expectSkip(lane, PROVIDER, StatementLine.Outcome.Stale);
        assertEq(serve(lane, PROVIDER, gross, gross), 0, "again");
        assertEq(serve(lane, PROVIDER, gross + more, gross + more), more, "only the rise");
        assertEq(escrow.owed(address(token), PROVIDER), uint256(gross) + more, "owed");
        assertEq(escrow.spendable(lane), 0, "left");
    }

    function testFuzz_x6_theFeeGoesToTheSinkWithinItsMaximum(uint128 gross, uint128 fee) public {
        gross = uint128(bound(gross, 1, type(uint96).max));
        fee = uint128(bound(fee, 0, gross * FEE_MAX_PPM / 1e6));
        IEscrow.Lane memory lane = fundedLane(gross);
        assertEq(serve(lane, PROVIDER, gross, gross - fee), gross - fee, "net");
        assertEq(escrow.owed(address(token), SINK), fee, "fee");
        assertEq(escrow.held(address(token)), gross, "X1");
    }

    function testFuzz_x6_whatIsMalformedIsSkipped(uint128 gross, uint128 fee, uint128 netAbove) public {
        gross = uint128(bound(gross, 1, type(uint96).max));
        fee = uint128(bound(fee, gross * FEE_MAX_PPM / 1e6 + 1, uint256(gross) + 1));
        IEscrow.Lane memory lane = fundedLane(gross);
        if (fee <= gross) {
            expectSkip(lane, PROVIDER, StatementLine.Outcome.Malformed);
            assertEq(serve(lane, PROVIDER, gross, gross - fee), 0, "too dear");
        }
        expectSkip(lane, PROVIDER, StatementLine.Outcome.Malformed);
        serve(lane, PROVIDER, gross, uint128(bound(netAbove, uint256(gross) + 1, type(uint128).max)));
        assertEq(escrow.spendable(lane), gross, "untouched");
    }

    function test_x2_noSumEverFalls() public {
        IEscrow.Lane memory lane = fundedLane(1_000);
        serve(lane, PROVIDER, 100, 80);
        expectSkip(lane, PROVIDER, StatementLine.Outcome.Malformed);
        serve(lane, PROVIDER, 101, 79);
        expectSkip(lane, PROVIDER, StatementLine.Outcome.Malformed);
        serve(lane, PROVIDER, 101, 82); // a fee of 19 after one of 20
    }

    function testFuzz_x8_aShortLaneIsPaidInPartAndTheRestLater(uint128 gross, uint128 fee, uint128 has) public {
        gross = uint128(bound(gross, 2, type(uint96).max));
        fee = uint128(bound(fee, 0, gross * FEE_MAX_PPM / 1e6));
        has = uint128(bound(has, 1, gross - 1));
        IEscrow.Lane memory lane = fundedLane(has);
        uint256 part = serve(lane, PROVIDER, gross, gross - fee);
        assertLe((has - part) * 1e6, has * FEE_MAX_PPM, "X6 in part");
        expectSkip(lane, PROVIDER, StatementLine.Outcome.Empty);
        serve(lane, PROVIDER, gross, gross - fee);
        fund(lane, gross - has);
        assertEq(part + serve(lane, PROVIDER, gross, gross - fee), gross - fee, "all of it, to the unit");
        assertEq(escrow.owed(address(token), SINK), fee, "and the fee");
    }

    function testFuzz_x5_drawnNoFasterThanTheLimit(uint96 perSecond, uint96 burst, uint32 wait) public {
        perSecond = uint96(bound(perSecond, 0, 1e18));
        burst = uint96(bound(burst, 1, 1e24));
        IEscrow.Lane memory lane = openLane();
        fund(lane, 1e28);
        setLimit(lane, perSecond, burst);
        assertEq(serve(lane, PROVIDER, 1e28, 1e28), burst, "the burst");
        expectSkip(lane, PROVIDER, StatementLine.Outcome.OverLimit);
        assertEq(serve(lane, PROVIDER, 1e28, 1e28), 0, "no room");
        vm.warp(START + wait);
        uint256 leaked = uint256(perSecond) * wait;
        assertEq(serve(lane, OTHER_PROVIDER, 1e28, 1e28), leaked < burst ? leaked : burst, "for all providers together");
    }

    function test_x5_loweringCountsFromItsInstant() public {
        IEscrow.Lane memory lane = openLane();
        fund(lane, 1e12);
        setLimit(lane, 10, 100 * uint96(THAW));
        assertEq(serve(lane, PROVIDER, 1e12, 1e12), 100 * uint256(THAW), "the bucket is full");
        setLimit(lane, 1, 95 * uint96(THAW));
        vm.warp(START + THAW + 7);
        // It leaked 10 a second for the thaw and 1 a second since: 90 × THAW − 7 of 95 × THAW.
        assertEq(serve(lane, PROVIDER, 1e12, 1e12), 5 * uint256(THAW) + 7, "drawn");
        IEscrow.LaneState memory state = escrow.laneState(lane);
        assertEq(state.limit.perSecond, 1, "lowered");
        assertEq(state.room, 0, "full");
    }

    function testFuzz_x8_aBadSignatureIsRefused(bytes memory signature, uint256 key) public {
        IEscrow.Lane memory lane = fundedLane(100);
        key = bound(key, 1, 2 ** 128);
        vm.assume(key != METER_KEY);
        IEscrow.Statement memory made = statement(lane, PROVIDER, 50, 50);
        vm.expectEmit();
        emit Refused(meter, PROVIDER, IEscrow.Refusal.BadSignature);
        redeem(made, signature);
        assertEq(redeem(made, signed(made, key)), 0, "another key");
        assertEq(escrow.spendable(lane), 100, "untouched");
    }

    function test_x8_nobodyIsNoMeter() public {
        IEscrow.Statement memory made = statement(fundedLane(100), PROVIDER, 50, 50);
        made.meter = address(0);
        vm.expectEmit();
        emit Refused(address(0), PROVIDER, IEscrow.Refusal.BadSignature);
        redeem(made, "no signature, whose signer is nobody");
    }

    function test_x8_nobodyIsNoProvider() public {
        IEscrow.Lane memory lane = fundedLane(100);
        IEscrow.Statement memory made = statement(lane, address(0), 50, 50);
        made.named = true;
        assertEq(redeem(made, signed(made, METER_KEY)), 0, "refused");
    }

    function testFuzz_x3_everyFieldIsSigned(uint8 field, uint96 other) public {
        vm.assume(other > 1_000);
        IEscrow.Statement memory made = statement(fundedLane(100), PROVIDER, 50, 50);
        bytes memory signature = signed(made, METER_KEY);
        field = uint8(bound(field, 0, 6));
        if (field == 0) made.meter = address(uint160(other));
        if (field == 1) made.token = address(uint160(other));
        if (field == 2) made.provider = address(uint160(other));
        if (field == 3) made.named = true;
        if (field == 4) made.lines[0].renter = address(uint160(other));
        if (field == 5) made.lines[0].gross = other;
        if (field == 6) made.lines[0].net = other;
        vm.expectEmit();
        emit Refused(made.meter, made.provider, IEscrow.Refusal.BadSignature);
        redeem(made, signature);
    }

    /// @dev In the words of EIP-712, as a wallet reads them.
    function test_x3_whatIsSignedIsReadable() public {
        IEscrow.Statement memory made = statement(fundedLane(100), PROVIDER, 50, 40);
        bytes32 line = keccak256(
            abi.encode(keccak256("Line(address renter,uint128 gross,uint128 net)"), renter, uint256(50), uint256(40))
        );
        bytes32 whole = keccak256(
            abi.encode(
                keccak256(
                    "Statement(address meter,address token,address provider,bool named,Line[] lines)Line(address renter,uint128 gross,uint128 net)"
                ),
                meter, address(token), PROVIDER, false, keccak256(abi.encodePacked(line))
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Coop Escrow"), keccak256("1"), block.chainid, address(escrow)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", domain, whole));
        assertTrue(escrow.statementDigest(made) == digest, "digest");
    }

    function test_x3_lanesOfOneRenterAreApart() public {
        IEscrow.Lane memory lane = fundedLane(100);
        IEscrow.Lane memory named = openLane();
        named.provider = PROVIDER;
        fund(named, 100);
        setLimit(named, MUCH, MUCH);
        serve(named, PROVIDER, 70, 70);
        assertEq(escrow.spendable(lane), 100, "the open lane");
        serve(lane, PROVIDER, 20, 20); // counters are the lane's own
        assertEq(escrow.spendable(lane), 80, "the open lane, drawn");
        assertEq(escrow.spendable(named), 30, "the named lane");
        IEscrow.Statement memory made = statement(named, OTHER_PROVIDER, 30, 30);
        assertEq(redeem(made, signed(made, METER_KEY)), 0, "it names another provider");
    }

    function testFuzz_x8_duplicatesPayAsOne(uint8 copies) public {
        IEscrow.Lane memory lane = fundedLane(100);
        IEscrow.Line[] memory lines = new IEscrow.Line[](bound(copies, 0, 40));
        for (uint256 n = 0; n < lines.length; n++) lines[n] = IEscrow.Line(renter, uint128(50 + n % 2), 50);
        IEscrow.Statement memory made = statement(lane, PROVIDER, 0, 0);
        made.lines = lines;
        redeem(made, signed(made, METER_KEY));
        assertEq(100 - escrow.spendable(lane), lines.length == 0 ? 0 : lines.length == 1 ? 50 : 51, "drawn once");
    }

    function test_x8_aHostileMeterHurtsOnlyItsOwnStatements() public {
        IEscrow.Lane memory lane = fundedLane(1_000);
        HostileMeter hostile = new HostileMeter();
        IEscrow.Lane memory bad = openLane();
        bad.meter = address(hostile);
        fund(bad, 1_000);
        setLimit(bad, MUCH, MUCH);
        uint128 served;
        for (uint256 mood = 0; mood <= uint256(type(HostileMeter.Mood).max); mood++) {
            hostile.setMood(HostileMeter.Mood(mood));
            served += 10;
            IEscrow.Statement[] memory statements = new IEscrow.Statement[](2);
            bytes[] memory signatures = new bytes[](2);
            statements[0] = statement(bad, PROVIDER, served, served);
            statements[1] = statement(lane, OTHER_PROVIDER, served, served);
            signatures[1] = signed(statements[1], METER_KEY);
            uint256 gas = gasleft();
            uint256[] memory net = escrow.redeem{gas: 500_000}(statements, signatures);
            assertLe(gas - gasleft(), 450_000, "gas");
            assertEq(net[0], mood == 0 ? 10 : 0, "the hostile one's");
            assertEq(net[1], 10, "the other's");
        }
    }

    function test_aContractMeterSigns() public {
        HostileMeter wallet = new HostileMeter();
        IEscrow.Lane memory lane = openLane();
        lane.meter = address(wallet);
        fund(lane, 100);
        setLimit(lane, MUCH, MUCH);
        assertEq(redeem(statement(lane, PROVIDER, 60, 60), "anything"), 60, "paid");
    }

    function test_x11_aBlockedPayeeHurtsOnlyItself() public {
        BlacklistToken usd = new BlacklistToken();
        IEscrow.Lane memory lane = openLane();
        lane.token = address(usd);
        fund(lane, 100);
        setLimit(lane, MUCH, MUCH);
        usd.setBlocked(PROVIDER, true);
        usd.setBlocked(SINK, true);
        usd.setBlocked(renter, true);
        assertEq(serve(lane, PROVIDER, 40, 30), 30, "credited all the same");
        assertEq(serve(lane, OTHER_PROVIDER, 40, 30), 30, "and the other");
        vm.expectRevert();
        escrow.collectFor(address(usd), PROVIDER);
        assertEq(escrow.collectFor(address(usd), OTHER_PROVIDER), 30, "the other is paid");
        vm.prank(PROVIDER);
        assertEq(escrow.collect(address(usd), address(0x99)), 30, "elsewhere");
        assertEq(escrow.owed(address(usd), SINK), 20, "the sink waits");
        assertEq(usd.balanceOf(address(escrow)), escrow.held(address(usd)), "X1");
    }

    function testFuzz_x12_collectingForSomebodySendsItToHim(address anybody) public {
        serve(fundedLane(100), PROVIDER, 100, 90);
        vm.startPrank(anybody);
        escrow.collectFor(address(token), PROVIDER);
        escrow.collectFor(address(token), SINK);
        assertEq(escrow.collectFor(address(token), PROVIDER), 0, "once");
        vm.stopPrank();
        assertEq(token.balanceOf(PROVIDER), 90, "provider");
        assertEq(token.balanceOf(SINK), 10, "sink");
        assertEq(escrow.held(address(token)), 0, "X1");
    }

    function test_x1_aTokenThatTakesAFeeIsRefused() public {
        FeeToken taxed = new FeeToken();
        IEscrow.Lane memory lane = openLane();
        lane.token = address(taxed);
        taxed.mint(address(this), 1_000);
        taxed.approve(address(escrow), 1_000);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotReceived.selector, 1_000, 990));
        escrow.deposit(lane, 1_000);
    }

    function test_x1_aTokenThatCallsBackFindsTheDoorsShut() public {
        ReentrantToken hooked = new ReentrantToken();
        IEscrow.Lane memory lane = openLane();
        lane.token = address(hooked);
        lane.renter = address(this);
        fund(lane, 100);
        escrow.setLimit(lane, limitOf(MUCH, MUCH));
        serve(lane, address(hooked), 10, 10);
        hooked.mint(address(this), 50);
        hooked.approve(address(escrow), 50);
        IEscrow.Lane memory own = IEscrow.Lane(address(hooked), meter, address(hooked), PROVIDER);
        bytes[4] memory calls = [
            abi.encodeCall(IEscrow.withdraw, (own, address(hooked))),
            abi.encodeCall(IEscrow.collect, (address(hooked), address(hooked))),
            abi.encodeCall(IEscrow.collectFor, (address(hooked), address(hooked))),
            abi.encodeCall(IEscrow.deposit, (lane, 0))
        ];
        for (uint256 n = 0; n < calls.length; n++) {
            hooked.arm(address(escrow), calls[n]);
            escrow.deposit(lane, 10);
            require(hooked.called() && !hooked.succeeded(), "called in the middle, and refused");
        }
        assertEq(hooked.balanceOf(address(escrow)), escrow.held(address(hooked)), "X1");
        assertEq(escrow.owed(address(hooked), address(hooked)), 10, "still owed");
    }

    function test_aPermitPaysAlsoWhenSomebodyElseBroughtIt() public {
        // The token knows no permit at all, which is as good as one that was brought before: the allowance counts.
        token.mint(renter, 100);
        vm.startPrank(renter);
        token.approve(address(escrow), 100);
        escrow.depositWithPermit(openLane(), 100, 0, 0, 0, 0);
        vm.expectRevert();
        escrow.depositWithPermit(openLane(), 1, 0, 0, 0, 0);
        vm.stopPrank();
        assertEq(escrow.spendable(openLane()), 100, "deposited");
    }

    function test_eachStatementHasItsSignature() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.LengthsDiffer.selector, 1, 0));
        escrow.redeem(new IEscrow.Statement[](1), new bytes[](0));
        assertEq(escrow.redeem(new IEscrow.Statement[](0), new bytes[](0)).length, 0, "none");
    }

    function testFuzz_x8_extremesNeverRevert(uint128 has, uint128 gross, uint128 net, uint96 perSecond, uint96 burst, uint64 wait) public {
        IEscrow.Lane memory lane = openLane();
        has = uint128(bound(has, 0, MUCH));
        fund(lane, has);
        setLimit(lane, perSecond, burst);
        serve(lane, PROVIDER, gross, net);
        vm.warp(bound(wait, START, type(uint64).max));
        uint256 before = escrow.spendable(lane);
        serve(lane, PROVIDER, type(uint128).max, net);
        serve(lane, OTHER_PROVIDER, type(uint128).max, type(uint128).max);
        assertLe(before - escrow.spendable(lane), burst, "X5");
        assertEq(
            escrow.spendable(lane) + escrow.owed(address(token), PROVIDER) + escrow.owed(address(token), OTHER_PROVIDER)
                + escrow.owed(address(token), SINK),
            has,
            "X1"
        );
    }

    function expectSkip(IEscrow.Lane memory lane, address provider, StatementLine.Outcome outcome) private {
        vm.expectEmit();
        emit Skipped(escrow.laneId(lane), provider, outcome);
    }
}
