// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "../src/Emission.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {Rewards} from "../src/Rewards.sol";
import {Token} from "../src/Token.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {RewardsFixture} from "./RewardsFixture.sol";
import {SmallTree} from "./SmallTree.sol";
import {Test} from "./Vm.sol";

/// @dev Four wallets of which any posts, disputes, claims and takes; roots that promise more than they grant; an arbiter who decides at
/// random or not at all; a governor and a guardian at work; time that jumps.
contract RewardsHandler is Test, RewardsFixture {
    Rewards public immutable REWARDS;
    Emission public immutable EMISSION;
    Policy public immutable POLICY;
    FreeToken public immutable DOLLARS = new FreeToken(6);
    address[] public wallets = [POSTER, address(0xA1), address(0xA2), address(0xA3)];

    string public broken;
    uint256 public finals;
    uint256 public claims;
    uint256 public paid;
    uint256 public takenFromPositions;
    /// Of the pending and of the last final root.
    IRewards.Roots private roots;
    uint256[] private next = [0, 0, 0, 0];
    uint256[] private cumulative = [0, 0, 0, 0];
    uint64[] private instants;
    /// What silence binds, by the epoch and the account.
    mapping(uint256 epoch => mapping(address account => uint256 amount)) private silent;

    constructor() {
        (REWARDS, EMISSION, POLICY) = newRewards(DOLLARS);
        for (uint256 n = 0; n < 4; n++) {
            DOLLARS.mint(wallets[n], 1e30);
            vm.prank(wallets[n]);
            DOLLARS.approve(address(REWARDS), type(uint256).max);
        }
    }

    function wait(uint32 moment) external {
        vm.warp(block.timestamp + bound(moment, 1, 5 days));
    }

    function waitLong(uint32 moment) external {
        vm.warp(block.timestamp + bound(moment, 5 days, 200 days));
    }

    function post(uint256 who, uint256 first, uint256 second, uint256[4] calldata more, bool isHonest) external {
        (first, second) = (bound(first, 0, EMISSION.releasable(0)), bound(second, 0, EMISSION.releasable(1)));
        uint256 left = isHonest ? first + second : type(uint128).max;
        uint256[] memory promised = new uint256[](4);
        for (uint256 n = 0; n < 4; n++) {
            uint256 share = bound(more[n], 0, n == 3 && isHonest ? left : left / 2);
            // A lying root may also take back what was granted before.
            promised[n] = isHonest ? cumulative[n] + share : share;
            left -= isHonest ? share : 0;
        }
        IRewards.Roots memory of_ = rootsOf(treeOf(REWARDS, wallets, promised), first, second);
        who = bound(who, 0, 6);
        vm.prank(who > 3 ? POSTER : wallets[who]); // he may always, the others after long silence
        REWARDS.post(of_);
        (roots, next) = (of_, promised);
    }

    function dispute(uint256 who) external {
        bytes32 id = REWARDS.pending().id;
        vm.prank(wallets[bound(who, 0, 3)]);
        REWARDS.dispute(id);
    }

    function decide(bool stands) external {
        bool wasDisputed = REWARDS.pending().disputer != address(0);
        vm.prank(ARBITER);
        REWARDS.decide(roots, stands);
        if (!wasDisputed) broken = "R2: decided what nobody disputed";
        if (stands) (finals, cumulative) = (finals + 1, next);
    }

    function waitAndSettle() external {
        IRewards.Pending memory pending = REWARDS.pending();
        if (pending.poster == address(0)) return;
        vm.warp(1 + (pending.disputer == address(0) ? pending.disputableUntil : pending.decidableUntil));
        settle();
    }

    function settle() public {
        IRewards.Pending memory before = REWARDS.pending();
        REWARDS.settle(roots);
        bool isDisputed = before.disputer != address(0);
        if (!isDisputed) (finals, cumulative) = (finals + 1, next);
        if (isDisputed) noteSilence(before);
        uint64 until = isDisputed ? before.decidableUntil : before.disputableUntil;
        if (block.timestamp <= until) broken = "R2: settled within the window";
    }

    function claim(uint256 who) external {
        who = bound(who, 0, 3);
        bytes32[] memory proof = SmallTree.proof(treeOf(REWARDS, wallets, cumulative), who);
        REWARDS.claim(wallets[who], cumulative[who], proof);
        instants.push(uint64(block.timestamp));
        claims++;
        if (REWARDS.claimedBy(wallets[who]) > cumulative[who]) broken = "R5: claimed more than was granted";
    }

    function claimMore(uint256 who, uint256 more) external {
        who = bound(who, 0, 3);
        bytes32[] memory proof = SmallTree.proof(treeOf(REWARDS, wallets, cumulative), who);
        more = bound(more, 1, type(uint128).max);
        try REWARDS.claim(wallets[who], cumulative[who] + more, proof) {
            broken = "R5: claimed what no leaf says";
        } catch {}
    }

    function take(uint256 who, uint256 instant, uint256 amount) external {
        address wallet = wallets[bound(who, 0, 3)];
        uint64 since = instants[bound(instant, 0, instants.length - 1)];
        amount = bound(amount, 0, REWARDS.positionOf(wallet, since));
        uint256 expected = REWARDS.vested(since, amount);
        uint256 supply = REWARDS.TOKEN().totalSupply();
        vm.prank(wallet);
        REWARDS.take(since, amount, STRANGER);
        (paid, takenFromPositions) = (paid + expected, takenFromPositions + amount);
        if (supply - REWARDS.TOKEN().totalSupply() != amount - expected) broken = "R6: burnt another amount";
    }

    function withdrawBond(uint256 who) external {
        who = bound(who, 0, 4);
        address account = who == 4 ? SINK : wallets[who];
        REWARDS.withdrawBond(account);
        if (heldOf(account) != silent[REWARDS.finalEpoch() + 1][account]) broken = "R10: not what silence holds";
    }

    function changeParameter(uint256 which, uint256 value) external {
        bytes32[6] memory names = [
            Names.POSTER_BOND,
            Names.DISPUTE_BOND,
            Names.DISPUTE_SECONDS,
            Names.ARBITER_SECONDS,
            Names.GRANT_MAX,
            Names.poolWeight(1)
        ];
        bytes32 name = names[bound(which, 0, 5)];
        (uint256 min, uint256 max) = POLICY.bounds(name);
        vm.prank(GOVERNOR);
        POLICY.announce(IPolicy.Kind.Parameter, name, bytes32(bound(value, min, max)));
        vm.warp(block.timestamp + DELAY);
        POLICY.execute(IPolicy.Kind.Parameter, name);
        EMISSION.sync(DECAY);
    }

    function pause() external {
        vm.prank(GUARDIAN);
        POLICY.pause(Names.POSTING, PAUSE_MAX);
    }

    function bondsOwedAndHeld() external view returns (uint256 sum) {
        for (uint256 n = 0; n < 4; n++) sum += REWARDS.bondOwed(wallets[n]) + heldOf(wallets[n]);
        sum += REWARDS.bondOwed(SINK);
    }

    function heldOf(address account) private view returns (uint256 amount) {
        (, amount) = REWARDS.bondHeld(account);
    }

    function noteSilence(IRewards.Pending memory of_) private {
        uint256 held = of_.posterBond < of_.disputeBond ? of_.posterBond : of_.disputeBond;
        silent[REWARDS.finalEpoch() + 1][of_.poster] += held;
        silent[REWARDS.finalEpoch() + 1][of_.disputer] += held;
    }
}

contract RewardsInvariants is Test, RewardsFixture {
    RewardsHandler internal handler;
    Rewards internal rewards;

    function setUp() public {
        vm.warp(1_000_000);
        handler = new RewardsHandler();
        rewards = handler.REWARDS();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_noHandlerSawARuleBroken() public view {
        require(bytes(handler.broken()).length == 0, handler.broken());
    }

    /// R1
    function invariant_claimedIsAtMostGrantedIsWhatWasReleased() public view {
        (uint256 granted, uint256 claimed, uint256 taken) = rewards.totals();
        (,, uint256 first) = handler.EMISSION().poolOf(0);
        (,, uint256 second) = handler.EMISSION().poolOf(1);
        assertLe(taken, claimed, "R1 taken");
        assertLe(claimed, granted, "R1 claimed");
        assertEq(granted, first + second, "R1 released");
    }

    /// R2
    function invariant_epochsAreThoseThatBecameFinal() public view {
        assertEq(rewards.finalEpoch(), handler.finals(), "R2");
        assertEq(uint256(rewards.slashRoot(handler.finals() + 1)), 0, "R2 not final yet");
    }

    /// R6, R7
    function invariant_tokensHeldAreWhatIsNotTaken() public view {
        (uint256 granted,, uint256 taken) = rewards.totals();
        Token token = rewards.TOKEN();
        assertEq(taken, handler.takenFromPositions(), "R6 taken");
        assertEq(token.balanceOf(address(rewards)), granted - taken, "R7 tokens");
        assertEq(token.balanceOf(STRANGER), handler.paid(), "R6 paid");
        assertEq(token.totalSupply(), granted - taken + handler.paid(), "R6 burnt");
    }

    /// R7, R8, R10
    function invariant_bondsHeldAreThoseDownAndOwed() public view {
        IRewards.Pending memory pending = rewards.pending();
        uint256 down = pending.poster == address(0) ? 0 : pending.posterBond;
        if (pending.disputer != address(0)) down += pending.disputeBond;
        assertEq(handler.DOLLARS().balanceOf(address(rewards)), down + handler.bondsOwedAndHeld(), "R7 bonds");
    }
}
