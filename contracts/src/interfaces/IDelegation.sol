// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILicense} from "./ILicense.sol";

/// @notice Which operator runs a licence, for which commission, until when. Operators post terms; an owner takes them for many licences at once;
/// both may end it at any time. Shares are in millionths, times in unix seconds.
/// @dev Warning: this is a register. Rewards are divided by whoever computes them from it; nothing here pays or holds anything.
/// @dev Warning: an operator takes whoever comes while he is open. He cannot refuse one owner, but end any delegation.
interface IDelegation {
    event CommissionAnnounced(address indexed operator, uint32 commissionPpm, uint64 from);
    event Opened(address indexed operator, bool open);
    event Delegated(address indexed owner, address indexed operator, uint256[] ids, uint32 commissionPpm, uint64 expiry);
    event Ended(uint256 indexed id, address indexed operator, address by);

    error CommissionAboveMaximum(uint32 commissionPpm, uint32 maximum);
    error ExpiryOutOfBounds(uint64 expiry, uint256 earliest, uint256 latest);
    error NeitherOwnerNorOperator(uint256 id, address caller);
    error NotOwner(uint256 id, address caller, address owner);
    error NoCommissionStated(address operator);
    error NotOpen(address operator);
    error RaiseAboveStep(uint32 commissionPpm, uint32 current, uint32 step);
    error TooMany(uint256 count, uint256 most);

    /// @notice Most licences in one call.
    function BULK_MAX() external view returns (uint256 count);
    function LICENSE() external view returns (ILicense license);
    /// @notice No commission is above this.
    function COMMISSION_PPM_MAX() external view returns (uint32 ppm);
    /// @notice Most by which an operator may raise his commission at once.
    function COMMISSION_STEP_PPM() external view returns (uint32 ppm);
    /// @notice Seconds between the announcement of a raise and its start.
    function NOTICE() external view returns (uint64 duration);
    /// @notice Longest delegation, in seconds.
    function TERM_MAX() external view returns (uint64 duration);

    /// @notice What an operator asks of new delegations now, and whether he takes any. Standing ones keep what they were made with.
    function termsOf(address operator) external view returns (uint32 commissionPpm, bool open);
    /// @notice A raise that has been announced and has not started; zeros if there is none.
    function announcedBy(address operator) external view returns (uint32 commissionPpm, uint64 from);
    /// @notice Who runs `id` now, for what, until when. All zero when nobody does: never delegated, ended, expired, or changed hands since.
    function operatorOf(uint256 id) external view returns (address operator, uint32 commissionPpm, uint64 expiry);

    /// @notice States the caller's commission. The first time and downward it holds at once; upward after the notice, by one step at
    /// most, and a newer statement replaces it.
    function setCommission(uint32 commissionPpm) external;
    /// @notice Whether the caller, having stated a commission, takes new delegations.
    function setOpen(bool open) external;
    /// @notice Has `operator` run licences of the caller on his present terms, if these are no dearer than the caller expects.
    function delegate(uint256[] calldata ids, address operator, uint32 commissionPpmMax, uint64 expiry) external;
    /// @notice Ends delegations, at once, as their owner or operator. Ids that nobody runs are passed over.
    function end(uint256[] calldata ids) external;
}
