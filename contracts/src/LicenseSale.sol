// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {License} from "./License.sol";
import {Names} from "./Names.sol";
import {ILicense} from "./interfaces/ILicense.sol";
import {ILicenseSale} from "./interfaces/ILicenseSale.sol";
import {IPolicy} from "./interfaces/IPolicy.sol";

/// @title LicenseSale
/// @dev Nothing here counts the proceeds: after the refund end they are what the contract holds less what referrers are owed.
contract LicenseSale is ILicenseSale, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev One slot. `end` is the first id past the tier.
    struct StoredTier {
        uint128 price;
        uint64 end;
        uint32 capPerAddress;
    }

    /// @dev One slot.
    struct Referrer {
        uint64 since;
        uint32 discountPpm;
        uint32 commissionPpm;
        uint128 owed;
    }

    uint256 private constant PPM = 1_000_000;
    /// @inheritdoc ILicenseSale
    uint32 public constant REBATE_PPM_MAX = 500_000;
    /// @inheritdoc ILicenseSale
    uint32 public constant REFUND_FEE_PPM_MAX = 100_000;

    /// @inheritdoc ILicenseSale
    ILicense public immutable LICENSE;
    /// @inheritdoc ILicenseSale
    IERC20 public immutable TOKEN;
    /// @inheritdoc ILicenseSale
    address public immutable TREASURY;
    /// @inheritdoc ILicenseSale
    IPolicy public immutable POLICY;
    /// @inheritdoc ILicenseSale
    uint64 public immutable REFUND_END;
    /// @inheritdoc ILicenseSale
    uint32 public immutable REFUND_FEE_PPM;
    /// @inheritdoc ILicenseSale
    uint32 public immutable DISCOUNT_PPM;
    /// @inheritdoc ILicenseSale
    uint32 public immutable COMMISSION_PPM;
    uint256 private immutable _TIERS;
    uint256 private immutable _PHASES;
    /// @dev The terms that leave the least of a price.
    uint32 private immutable _DISCOUNT_PPM_OF_LEAST;
    uint32 private immutable _COMMISSION_PPM_OF_LEAST;

    /// @inheritdoc ILicenseSale
    uint128 public commissions;
    /// @dev The tier of the last id sold: where the search for the next one's begins.
    uint32 private _tierReached;
    mapping(uint256 tier => StoredTier stored) private _tiers;
    mapping(uint256 phase => Phase terms) private _phases;
    /// @inheritdoc ILicenseSale
    mapping(uint256 phase => bytes32 root) public allowlistRoot;
    /// @inheritdoc ILicenseSale
    mapping(address account => Referrer referrer) public referrers;
    /// @dev A purchase is marked with the last twelve bytes of its referrer, which fit beside its receiver: a slot less. Two accounts that share
    /// them cannot both be referrers; to find one that shares those of another takes 2⁹⁶ tries.
    mapping(uint96 mark => address referrer) private _marked;
    /// @inheritdoc ILicenseSale
    mapping(address account => mapping(uint256 phase => uint256 count)) public boughtInPhase;

    constructor(Setup memory setup) {
        TOKEN = setup.token;
        TREASURY = setup.treasury;
        POLICY = setup.policy;
        REFUND_END = setup.refundEnd;
        REFUND_FEE_PPM = setup.refundFeePpm;
        DISCOUNT_PPM = setup.discountPpm;
        COMMISSION_PPM = setup.commissionPpm;
        require(
            setup.refundFeePpm <= REFUND_FEE_PPM_MAX, RefundFeeAboveMaximum(setup.refundFeePpm, REFUND_FEE_PPM_MAX)
        );
        _PHASES = setup.phases.length;
        _TIERS = setup.tiers.length;
        uint64 saleEnd = _storePhases(setup.phases);
        require(
            saleEnd <= setup.refundEnd && setup.refundEnd < setup.lockEnd,
            DatesOutOfOrder(saleEnd, setup.refundEnd, setup.lockEnd)
        );
        (_DISCOUNT_PPM_OF_LEAST, _COMMISSION_PPM_OF_LEAST) = _storePartners(setup);
        uint256 supply = _storeTiers(setup.tiers);
        LICENSE = new License(setup.name, setup.symbol, address(this), supply, setup.refundEnd, setup.lockEnd);
    }

    /// @inheritdoc ILicenseSale
    function publishAllowlist(uint256 phase, bytes32 root) external {
        address governor = POLICY.role(Names.GOVERNOR);
        require(msg.sender == governor, NotGovernor(msg.sender, governor));
        Phase memory terms = _phases[phase];
        require(terms.allowlist, NoSuchPhase(phase));
        require(block.timestamp < terms.opensAt, PhaseClosed(phase, terms.opensAt, terms.closesAt));
        require(allowlistRoot[phase] == 0, AllowlistFixed(phase, allowlistRoot[phase]));

        allowlistRoot[phase] = root;
        emit AllowlistPublished(phase, root);
    }

    /// @inheritdoc ILicenseSale
    function register() external {
        require(DISCOUNT_PPM + COMMISSION_PPM > 0, ReferralsClosed());
        _register(msg.sender, DISCOUNT_PPM, COMMISSION_PPM);
    }

    /// @inheritdoc ILicenseSale
    function buy(Order calldata order) external nonReentrant returns (uint256 first, uint256 cost) {
        require(block.timestamp <= order.deadline, DeadlinePassed(order.deadline));
        require(!POLICY.paused(Names.SALE), SalePaused());
        _enterPhase(order);

        uint64 note;
        (first, note) = LICENSE.mintedAndNote(order.to);
        uint256 commission;
        (cost, commission, note) = _price(first, order, note);
        require(cost <= order.maxCost, CostAboveMaximum(cost, order.maxCost));
        LICENSE.mint(order.to, order.count, note, _markOf(order.referrer));

        emit Bought(order.to, msg.sender, order.referrer, first, order.count, cost, commission);
        _receive(cost);
    }

    /// @inheritdoc ILicenseSale
    function refund(uint256[] calldata ids, address to) external nonReentrant returns (uint256 paid) {
        require(block.timestamp < REFUND_END, RefundOver(REFUND_END));
        for (uint256 i = 0; i < ids.length; ++i) {
            paid += _refundOne(ids[i]);
        }
        TOKEN.safeTransfer(to, paid);
    }

    /// @inheritdoc ILicenseSale
    function takeCommission(address to) external nonReentrant returns (uint256 amount) {
        require(block.timestamp >= REFUND_END, RefundStillPossible(REFUND_END));
        uint128 owed = referrers[msg.sender].owed;
        referrers[msg.sender].owed = 0;
        commissions -= owed;
        emit CommissionTaken(msg.sender, to, owed);
        TOKEN.safeTransfer(to, owed);
        return owed;
    }

    /// @inheritdoc ILicenseSale
    function collect() external nonReentrant returns (uint256 amount) {
        require(block.timestamp >= REFUND_END, RefundStillPossible(REFUND_END));
        amount = TOKEN.balanceOf(address(this)) - commissions;
        emit Collected(amount);
        TOKEN.safeTransfer(TREASURY, amount);
    }

    /// @inheritdoc ILicenseSale
    function tiers() external view returns (Tier[] memory all) {
        all = new Tier[](_TIERS);
        uint64 start = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            StoredTier memory tier = _tiers[i];
            all[i] = Tier({count: tier.end - start, price: tier.price, capPerAddress: tier.capPerAddress});
            start = tier.end;
        }
    }

    /// @inheritdoc ILicenseSale
    function phases() external view returns (Phase[] memory all) {
        all = new Phase[](_PHASES);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = _phases[i];
        }
    }

    /// @inheritdoc ILicenseSale
    function boughtInLastTier(address account) external view returns (uint256 tier, uint256 count) {
        (, uint64 note) = LICENSE.mintedAndNote(account);
        return (note >> 32, uint32(note));
    }

    /// @inheritdoc ILicenseSale
    function price(uint256 id) public view returns (uint256 amount) {
        return _tiers[tierOf(id)].price;
    }

    /// @inheritdoc ILicenseSale
    function priceAfterRebates(uint256 id) external view returns (uint256 amount) {
        uint256 paid = _less(price(id), _DISCOUNT_PPM_OF_LEAST);
        return _less(paid, _COMMISSION_PPM_OF_LEAST);
    }

    /// @inheritdoc ILicenseSale
    function quote(uint256 count, address referrer) external view returns (uint256 cost, uint256 commission) {
        Referrer memory terms = referrers[referrer];
        uint256 id = LICENSE.minted();
        uint256 end = id + count;
        for (uint256 tier = _tierReached; id < end; ++tier) {
            require(tier < _TIERS, NoSuchLicence(end - 1, LICENSE.SUPPLY()));
            (uint256 tierCost, uint256 tierCommission, uint256 next,) = _priceInTier(_tiers[tier], id, end, terms);
            (cost, commission, id) = (cost + tierCost, commission + tierCommission, next);
        }
    }

    /// @inheritdoc ILicenseSale
    function tierOf(uint256 id) public view returns (uint256 tier) {
        uint256 above = _TIERS;
        require(id < _tiers[above - 1].end, NoSuchLicence(id, _tiers[above - 1].end));
        // The first tier whose end lies past the id is in [tier, above).
        while (tier < above) {
            uint256 middle = (tier + above) / 2;
            if (_tiers[middle].end > id) above = middle;
            else tier = middle + 1;
        }
    }

    /// @inheritdoc ILicenseSale
    function referrerOf(uint256 id) public view returns (address referrer) {
        return _marked[LICENSE.markOf(id)];
    }

    /// @dev The phase is open, `to` may still receive that many in it, and has now received them.
    function _enterPhase(Order calldata order) private {
        Phase memory phase = _phases[order.phase];
        require(
            block.timestamp >= phase.opensAt && block.timestamp < phase.closesAt,
            PhaseClosed(order.phase, phase.opensAt, phase.closesAt)
        );
        if (!phase.allowlist) return;

        bytes32 leaf = keccak256(
            bytes.concat(
                keccak256(abi.encode(block.chainid, address(this), order.phase, order.to, order.allocation))
            )
        );
        require(
            MerkleProof.verifyCalldata(order.proof, allowlistRoot[order.phase], leaf),
            NotListed(order.phase, order.to, order.allocation)
        );
        uint256 bought = boughtInPhase[order.to][order.phase] + order.count;
        require(bought <= order.allocation, AllocationExceeded(order.phase, bought, order.allocation));
        boughtInPhase[order.to][order.phase] = bought;
    }

    /// @dev What the ids from `first` on cost. Caps are counted in the note, and the commission is set aside.
    function _price(uint256 first, Order calldata order, uint64 note)
        private
        returns (uint256 cost, uint256 commission, uint64 newNote)
    {
        Referrer memory terms = _termsOf(order);
        uint256 reached = _tierReached;
        uint256 tier = reached;
        uint256 end = first + order.count;
        for (uint256 id = first; true; ++tier) {
            require(tier < _TIERS, NoSuchLicence(end - 1, LICENSE.SUPPLY()));
            StoredTier memory stored = _tiers[tier];
            (uint256 tierCost, uint256 tierCommission, uint256 next, uint256 count) =
                _priceInTier(stored, id, end, terms);
            if (count > 0 && stored.capPerAddress > 0) note = _countInTier(note, tier, count, stored.capPerAddress);
            (cost, commission, id) = (cost + tierCost, commission + tierCommission, next);
            if (id == end) break;
        }
        if (tier != reached) _tierReached = uint32(tier);
        if (order.referrer != address(0)) {
            referrers[order.referrer].owed = terms.owed + commission.toUint128();
            commissions += commission.toUint128();
        }
        return (cost, commission, note);
    }

    /// @dev A note is a tier and how many of it an account has received. The sale never returns to a tier, so that the last one is enough.
    function _countInTier(uint64 note, uint256 tier, uint256 count, uint256 cap) private pure returns (uint64 newNote) {
        uint256 bought = count + (note >> 32 == tier ? uint32(note) : 0);
        require(bought <= cap, CapExceeded(tier, bought, cap));
        // The cap and the number of tiers are below 2³².
        return uint64(tier << 32 | bought);
    }

    function _termsOf(Order calldata order) private view returns (Referrer memory terms) {
        if (order.referrer == address(0)) return terms;
        require(order.referrer != msg.sender && order.referrer != order.to, SelfReferral(order.referrer));
        terms = referrers[order.referrer];
        // A referrer who appears in the very block of the purchase would be the purchaser's own.
        require(terms.since > 0 && terms.since < block.timestamp, ReferrerNotEarlier(order.referrer, terms.since));
    }

    /// @dev Of the ids [id, end), those that lie in this tier: their cost, commission and number, and the id after them.
    function _priceInTier(StoredTier memory tier, uint256 id, uint256 end, Referrer memory terms)
        private
        pure
        returns (uint256 cost, uint256 commission, uint256 next, uint256 count)
    {
        next = Math.max(id, Math.min(end, tier.end));
        count = next - id;
        uint256 paid = _less(tier.price, terms.discountPpm);
        cost = count * paid;
        commission = count * _shareRoundedDown(paid, terms.commissionPpm);
    }

    /// @dev A token that takes a fee on the way is refused.
    function _receive(uint256 cost) private {
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), cost);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        require(received == cost, ReceivedLess(received, cost));
    }

    function _refundOne(uint256 id) private returns (uint256 paid) {
        uint256 cost = price(id);
        address account = referrerOf(id);
        if (account != address(0)) {
            Referrer memory terms = referrers[account];
            cost = _less(cost, terms.discountPpm);
            uint128 commission = _shareRoundedDown(cost, terms.commissionPpm).toUint128();
            referrers[account].owed = terms.owed - commission;
            commissions -= commission;
        }
        paid = _less(cost, REFUND_FEE_PPM);
        emit Refunded(id, msg.sender, cost, paid);
        LICENSE.burn(id, msg.sender);
    }

    function _register(address account, uint32 discountPpm, uint32 commissionPpm) private {
        require(referrers[account].since == 0, AlreadyRegistered(account, referrers[account].since));
        uint96 mark = _markOf(account);
        require(mark != 0 && _marked[mark] == address(0), MarkTaken(account, _marked[mark]));
        _marked[mark] = account;
        referrers[account] = Referrer({
            since: uint64(block.timestamp),
            discountPpm: discountPpm,
            commissionPpm: commissionPpm,
            owed: 0
        });
        emit ReferrerRegistered(account, discountPpm, commissionPpm);
    }

    function _storePhases(Phase[] memory all) private returns (uint64 saleEnd) {
        for (uint256 i = 0; i < all.length; ++i) {
            require(all[i].opensAt < all[i].closesAt, PhaseNeverOpen(i));
            if (all[i].closesAt > saleEnd) saleEnd = all[i].closesAt;
            _phases[i] = all[i];
        }
    }

    function _storePartners(Setup memory setup) private returns (uint32 discountPpm, uint32 commissionPpm) {
        (discountPpm, commissionPpm) = (setup.discountPpm, setup.commissionPpm);
        _requireRebate(discountPpm, commissionPpm);
        for (uint256 i = 0; i < setup.partners.length; ++i) {
            Partner memory partner = setup.partners[i];
            _requireRebate(partner.discountPpm, partner.commissionPpm);
            _register(partner.referrer, partner.discountPpm, partner.commissionPpm);
            // The commission is of what the discount left, so that the largest sum of the two need not leave the least.
            if (_left(partner.discountPpm, partner.commissionPpm) >= _left(discountPpm, commissionPpm)) continue;
            (discountPpm, commissionPpm) = (partner.discountPpm, partner.commissionPpm);
        }
    }

    function _requireRebate(uint32 discountPpm, uint32 commissionPpm) private pure {
        require(
            uint256(discountPpm) + commissionPpm <= REBATE_PPM_MAX,
            RebateAboveMaximum(discountPpm, commissionPpm, REBATE_PPM_MAX)
        );
    }

    function _storeTiers(Tier[] memory all) private returns (uint256 supply) {
        uint256 total = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            require(all[i].count > 0 && all[i].price > 0, EmptyTier(i));
            supply += all[i].count;
            total += uint256(all[i].count) * all[i].price;
            _tiers[i] = StoredTier({price: all[i].price, end: supply.toUint64(), capPerAddress: all[i].capPerAddress});
        }
        require(supply > 0, EmptyTier(0));
        // All commissions together are below this, so that none of the sums in 128 bits overflows.
        total.toUint128();
    }

    function _markOf(address referrer) private pure returns (uint96 mark) {
        return uint96(uint160(referrer));
    }

    /// @dev In millionths of millionths.
    function _left(uint256 discountPpm, uint256 commissionPpm) private pure returns (uint256 share) {
        return (PPM - discountPpm) * (PPM - commissionPpm);
    }

    function _less(uint256 amount, uint256 ppm) private pure returns (uint256 rest) {
        return amount - _shareRoundedDown(amount, ppm);
    }

    function _shareRoundedDown(uint256 amount, uint256 ppm) private pure returns (uint256 share) {
        return amount * ppm / PPM;
    }
}
