// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @notice Checker licences. The id is the index of the sale, from 0 upward, and is never given out twice. Times are unix seconds.
/// @dev Warning: a licence is minted without asking the receiver, so that no receiver's code runs during a sale. A contract that
/// cannot move an ERC-721 keeps it for ever.
interface ILicense is IERC721 {
    /// @notice From now on `id` earns, and can no longer be given back.
    event Activated(uint256 indexed id);

    error BatchSize(uint256 count, uint256 least, uint256 most);
    error AlreadyActivated(uint256 id);
    error Locked(uint256 id, uint64 until);
    error NotOwner(uint256 id, address caller, address owner);
    error NotSale(address caller);
    error PastSupply(uint256 minted, uint256 count, uint256 supply);

    /// @notice Most licences that one purchase may mint.
    function BATCH_MAX() external view returns (uint256 count);
    /// @notice The sale: it alone mints, and burns what is given back. Fixed at deployment.
    function SALE() external view returns (address sale);
    /// @notice Most licences that may ever be minted.
    function SUPPLY() external view returns (uint256 count);
    /// @notice From here on nothing can be given back, and every licence earns.
    function REFUND_END() external view returns (uint64 time);
    /// @notice From here on licences can be transferred.
    function LOCK_END() external view returns (uint64 time);

    /// @notice How many ids have been given out; the next one has this number. Burning does not lower it.
    function minted() external view returns (uint256 count);
    /// @notice `minted`, and what the sale noted of an account when it last minted to it.
    function mintedAndNote(address account) external view returns (uint256 count, uint64 note);
    /// @notice Whether `id` is there and its owner has activated it, or its refund is over.
    function earns(uint256 id) external view returns (bool earning);
    /// @notice Whether the owner of `id` has renounced the refund.
    function activated(uint256 id) external view returns (bool active);
    /// @notice How often `id` has changed hands. What an owner arranged holds only while this stays the same. Burning counts as one.
    function transferCount(uint256 id) external view returns (uint256 count);
    /// @notice Owner, or zero if there is none, and transfer count of `id` in one call.
    function ownerAndTransferCount(uint256 id) external view returns (address owner, uint256 count);
    /// @notice The first id of the purchase that `id` was part of. Transfers and burning do not change it.
    function batchOf(uint256 id) external view returns (uint256 first);

    /// @notice What the sale marked the purchase with that `id` was part of.
    function markOf(uint256 id) external view returns (uint96 mark);

    /// @notice Lets licences of the caller earn before the refund ends, and renounces their refund.
    function activate(uint256[] calldata ids) external;
    /// @notice Mints the next `count` ids to `to` without a callback. Keeps a note of the sale's about `to`, and its mark on the purchase. The
    /// sale only.
    function mint(address to, uint256 count, uint64 note, uint96 mark) external returns (uint256 first);
    /// @notice Burns a licence that `owner` gives back before the refund ends. The sale only.
    function burn(uint256 id, address owner) external;
}
