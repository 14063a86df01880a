// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILicense} from "./ILicense.sol";
import {IPolicy} from "./IPolicy.sol";

/// @notice One sale of licences, from the first to the last. All of it stands at deployment: every price, every phase, every date. What
/// buyers pay stays here until the one refund end; only then can commissions and proceeds be taken. Amounts are in the smallest
/// unit of one ERC-20 token, shares in millionths, times in unix seconds.
/// @dev Warning: caps, allocations and the rule that nobody refers himself bind addresses, not persons. Whoever holds two addresses can
/// be his own referrer; `priceAfterRebates` is what he pays.
/// @dev Warning: a refund is paid to the owner of the licence, who need not be the one that paid for it.
/// @dev Warning: what is given back is not sold again, so that whoever buys and gives back moves the price up for all others, for the refund
/// fee alone; the treasury, which gets the fee, for nothing.
interface ILicenseSale {
    struct Tier {
        uint64 count;
        uint128 price;
        /// @dev Most that one address may receive of this tier; 0: no cap.
        uint32 capPerAddress;
    }

    struct Phase {
        uint64 opensAt;
        uint64 closesAt;
        /// @dev Whether only listed accounts may receive licences, each as many as its entry says.
        bool allowlist;
    }

    struct Partner {
        address referrer;
        uint32 discountPpm;
        uint32 commissionPpm;
    }

    struct Setup {
        string name;
        string symbol;
        IERC20 token;
        /// @dev Where the proceeds go.
        address treasury;
        IPolicy policy;
        uint64 refundEnd;
        uint64 lockEnd;
        uint32 refundFeePpm;
        /// @dev Terms of whoever registers as a referrer.
        uint32 discountPpm;
        uint32 commissionPpm;
        Tier[] tiers;
        Phase[] phases;
        /// @dev Referrers with terms of their own.
        Partner[] partners;
    }

    struct Order {
        address to;
        uint256 count;
        /// @dev Refused when it would cost more than this.
        uint256 maxCost;
        /// @dev Refused after this.
        uint64 deadline;
        uint256 phase;
        /// @dev Zero for none.
        address referrer;
        /// @dev What the allowlist grants `to` in this phase, with its proof; 0 and none in an open phase.
        uint256 allocation;
        bytes32[] proof;
    }

    event AllowlistPublished(uint256 indexed phase, bytes32 root);
    event Bought(
        address indexed to, address indexed payer, address indexed referrer, uint256 first, uint256 count, uint256 cost, uint256 commission
    );
    event Collected(uint256 amount);
    event CommissionTaken(address indexed referrer, address to, uint256 amount);
    event ReferrerRegistered(address indexed referrer, uint32 discountPpm, uint32 commissionPpm);
    event Refunded(uint256 indexed id, address indexed owner, uint256 cost, uint256 paid);

    error AllowlistFixed(uint256 phase, bytes32 root);
    error AlreadyRegistered(address referrer, uint64 since);
    error CapExceeded(uint256 tier, uint256 bought, uint256 cap);
    error AllocationExceeded(uint256 phase, uint256 bought, uint256 allocation);
    error CostAboveMaximum(uint256 cost, uint256 maxCost);
    error DatesOutOfOrder(uint64 saleEnd, uint64 refundEnd, uint64 lockEnd);
    error DeadlinePassed(uint64 deadline);
    error EmptyTier(uint256 tier);
    error MarkTaken(address referrer, address by);
    error NoSuchLicence(uint256 id, uint256 supply);
    error NoSuchPhase(uint256 phase);
    error NotGovernor(address caller, address governor);
    error NotListed(uint256 phase, address account, uint256 allocation);
    error PhaseClosed(uint256 phase, uint64 opensAt, uint64 closesAt);
    error PhaseNeverOpen(uint256 phase);
    error ReceivedLess(uint256 received, uint256 cost);
    error ReferralsClosed();
    error ReferrerNotEarlier(address referrer, uint64 since);
    error RefundFeeAboveMaximum(uint32 ppm, uint32 maximum);
    error RefundOver(uint64 refundEnd);
    error RefundStillPossible(uint64 refundEnd);
    error RebateAboveMaximum(uint32 discountPpm, uint32 commissionPpm, uint32 maximum);
    error SalePaused();
    error SelfReferral(address referrer);

    /// @notice Most that discount and commission together may take off a price.
    function REBATE_PPM_MAX() external view returns (uint32 ppm);
    /// @notice Most that giving a licence back may cost.
    function REFUND_FEE_PPM_MAX() external view returns (uint32 ppm);
    function LICENSE() external view returns (ILicense license);
    function TOKEN() external view returns (IERC20 token);
    function TREASURY() external view returns (address treasury);
    function POLICY() external view returns (IPolicy policy);
    function REFUND_END() external view returns (uint64 time);
    function REFUND_FEE_PPM() external view returns (uint32 ppm);
    /// @notice Off the price, for who names a referrer that registered himself.
    function DISCOUNT_PPM() external view returns (uint32 ppm);
    /// @notice Of what the buyer pays, for a referrer that registered himself.
    function COMMISSION_PPM() external view returns (uint32 ppm);

    /// @notice All tiers, the cheapest ids first: the whole curve.
    function tiers() external view returns (Tier[] memory all);
    function phases() external view returns (Phase[] memory all);
    /// @notice Root of a phase's allowlist; zero until it is published, and then for ever this.
    function allowlistRoot(uint256 phase) external view returns (bytes32 root);
    /// @notice The tier that `id` belongs to, whatever has been sold.
    function tierOf(uint256 id) external view returns (uint256 tier);
    /// @notice What `id` costs without a referrer. It never changes.
    function price(uint256 id) external view returns (uint256 amount);
    /// @notice What `id` costs whoever gets the largest discount and, from another address, its commission.
    function priceAfterRebates(uint256 id) external view returns (uint256 amount);
    /// @notice What the next `count` ids cost now, across tiers, and what of it `referrer` would be owed.
    function quote(uint256 count, address referrer) external view returns (uint256 cost, uint256 commission);
    /// @notice Referrer of the purchase that `id` was part of; zero for none.
    function referrerOf(uint256 id) external view returns (address referrer);
    /// @notice When a referrer was registered (0: never), on which terms, and what is owed to him after the refund end.
    function referrers(address referrer)
        external
        view
        returns (uint64 since, uint32 discountPpm, uint32 commissionPpm, uint128 owed);
    /// @notice What is owed to all referrers together.
    function commissions() external view returns (uint128 amount);
    /// @notice The last tier with a cap of which an account has received something, and how much of it. Giving back restores nothing.
    function boughtInLastTier(address account) external view returns (uint256 tier, uint256 count);
    /// @notice How many an account has ever received in a phase with an allowlist.
    function boughtInPhase(address account, uint256 phase) external view returns (uint256 count);

    /// @notice Fixes the allowlist of a phase, once, before the phase opens. The governor only.
    function publishAllowlist(uint256 phase, bytes32 root) external;
    /// @notice Makes the caller a referrer on the terms open to everybody, from the next second on.
    function register() external;
    /// @notice Buys the next ids for `order.to`. Takes exactly their cost from the caller, who has approved it.
    function buy(Order calldata order) external returns (uint256 first, uint256 cost);
    /// @notice Burns licences of the caller and pays `to` what they cost, less the refund fee. Until the refund end, paused or not;
    /// never for a licence that its owner has activated.
    function refund(uint256[] calldata ids, address to) external returns (uint256 paid);
    /// @notice After the refund end: pays the caller's commissions to `to`.
    function takeCommission(address to) external returns (uint256 amount);
    /// @notice After the refund end: sends all that is not owed to referrers to the treasury. Anybody may call it.
    function collect() external returns (uint256 amount);
}
