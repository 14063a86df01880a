// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ILicense} from "./interfaces/ILicense.sol";

/// @title License
/// @dev A purchase writes its owner once, at its first id; `_heads` marks these ids, one bit each. The owner of an id that never moved is
/// the owner written at the nearest marked id at or below it. Once it has moved, ERC721's own slot says whose it is, or zero when burnt.
/// In the same way ERC721's own balances hold only what moving and burning changed, modulo 2²⁵⁶; what was minted is added to them here.
contract License is ERC721, ILicense {
    struct State {
        uint64 transfers;
        bool activated;
    }

    /// @dev One slot, so that a first purchase opens one for the receiver and not two.
    struct Receiver {
        uint64 received;
        uint64 note;
    }

    /// @dev One slot, so that a mark costs nothing of its own.
    struct Purchase {
        address receiver;
        uint96 mark;
    }

    /// @inheritdoc ILicense
    uint256 public constant BATCH_MAX = 256;
    /// @inheritdoc ILicense
    address public immutable SALE;
    /// @inheritdoc ILicense
    uint256 public immutable SUPPLY;
    /// @inheritdoc ILicense
    uint64 public immutable REFUND_END;
    /// @inheritdoc ILicense
    uint64 public immutable LOCK_END;
    /// @inheritdoc ILicense
    uint256 public minted;

    mapping(address account => Receiver receiver) private _receivers;
    mapping(uint256 firstId => Purchase purchase) private _purchases;
    mapping(uint256 word => uint256 bits) private _heads;
    mapping(uint256 id => State state) private _states;

    constructor(string memory name, string memory symbol, address sale, uint256 supply, uint64 refundEnd, uint64 lockEnd)
        ERC721(name, symbol)
    {
        SALE = sale;
        SUPPLY = supply;
        REFUND_END = refundEnd;
        LOCK_END = lockEnd;
    }

    modifier onlySale() {
        require(msg.sender == SALE, NotSale(msg.sender));
        _;
    }

    /// @inheritdoc ILicense
    function mint(address to, uint256 count, uint64 note, uint96 mark) external onlySale returns (uint256 first) {
        first = minted;
        require(to != address(0), ERC721InvalidReceiver(to));
        require(count > 0 && count <= BATCH_MAX, BatchSize(count, 1, BATCH_MAX));
        require(count <= SUPPLY - first, PastSupply(first, count, SUPPLY));

        minted = first + count;
        _purchases[first] = Purchase({receiver: to, mark: mark});
        _heads[first >> 8] |= 1 << (first & 0xff);
        // All that is ever minted fits: each is an id below the supply, which the sale keeps below 2⁶⁴.
        _receivers[to] = Receiver({received: _receivers[to].received + uint64(count), note: note});
        for (uint256 id = first; id < first + count; ++id) {
            emit Transfer(address(0), to, id);
        }
    }

    /// @inheritdoc ILicense
    function burn(uint256 id, address owner) external onlySale {
        _requireOwnedBy(id, owner);
        require(!_states[id].activated, AlreadyActivated(id));
        _burn(id);
    }

    /// @inheritdoc ILicense
    function activate(uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = ids[i];
            _requireOwnedBy(id, msg.sender);
            if (_states[id].activated) continue;
            _states[id].activated = true;
            emit Activated(id);
        }
    }

    /// @inheritdoc IERC721
    function balanceOf(address owner) public view override(ERC721, IERC721) returns (uint256 balance) {
        uint256 changes = super.balanceOf(owner);
        unchecked {
            return changes + _receivers[owner].received;
        }
    }

    /// @inheritdoc ILicense
    function mintedAndNote(address account) external view returns (uint256 count, uint64 note) {
        return (minted, _receivers[account].note);
    }

    /// @inheritdoc ILicense
    function earns(uint256 id) external view returns (bool earning) {
        if (_ownerOf(id) == address(0)) return false;
        return block.timestamp >= REFUND_END || _states[id].activated;
    }

    /// @inheritdoc ILicense
    function activated(uint256 id) external view returns (bool active) {
        return _states[id].activated;
    }

    /// @inheritdoc ILicense
    function transferCount(uint256 id) external view returns (uint256 count) {
        return _states[id].transfers;
    }

    /// @inheritdoc ILicense
    function ownerAndTransferCount(uint256 id) external view returns (address owner, uint256 count) {
        return (_ownerOf(id), _states[id].transfers);
    }

    /// @inheritdoc ILicense
    function batchOf(uint256 id) public view returns (uint256 first) {
        require(id < minted, ERC721NonexistentToken(id));
        uint256 word = id >> 8;
        uint256 bits = _heads[word] << (255 - (id & 0xff));
        if (bits != 0) return id - (255 - Math.log2(bits));
        // No batch is longer than a word, so that its head stands in this word or in the one before.
        return ((word - 1) << 8) + Math.log2(_heads[word - 1]);
    }

    /// @inheritdoc ILicense
    function markOf(uint256 id) external view returns (uint96 mark) {
        return _purchases[batchOf(id)].mark;
    }

    function _ownerOf(uint256 id) internal view override returns (address owner) {
        if (_states[id].transfers > 0) return super._ownerOf(id);
        return id < minted ? _purchases[batchOf(id)].receiver : address(0);
    }

    function _update(address to, uint256 id, address auth) internal override returns (address from) {
        require(to == address(0) || block.timestamp >= LOCK_END, Locked(id, LOCK_END));
        from = super._update(to, id, auth);
        ++_states[id].transfers;
    }

    function _requireOwnedBy(uint256 id, address caller) private view {
        address owner = _requireOwned(id);
        require(owner == caller, NotOwner(id, caller, owner));
    }
}
