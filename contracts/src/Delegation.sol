// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDelegation} from "./interfaces/IDelegation.sol";
import {ILicense} from "./interfaces/ILicense.sol";

/// @title Delegation
/// @dev A transfer ends a delegation without calling here: what was written names the transfer count at which it was made.
contract Delegation is IDelegation {
    using SafeCast for uint256;

    /// @dev One slot. A raise that has started counts as the commission, wherever it stands.
    struct Operator {
        uint32 commissionPpm;
        uint32 announcedPpm;
        /// @dev 0: nothing is announced.
        uint64 announcedFrom;
        /// @dev Whether a commission was ever stated.
        bool stated;
        bool open;
    }

    /// @dev One slot, hence the narrow numbers: 16 million ppm, 4 billion transfers, and seconds for 34,000 years.
    struct Record {
        address operator;
        uint24 commissionPpm;
        uint32 transfers;
        uint40 expiry;
    }

    /// @inheritdoc IDelegation
    uint256 public constant BULK_MAX = 100;
    /// @inheritdoc IDelegation
    ILicense public immutable LICENSE;
    /// @inheritdoc IDelegation
    uint32 public immutable COMMISSION_PPM_MAX;
    /// @inheritdoc IDelegation
    uint32 public immutable COMMISSION_STEP_PPM;
    /// @inheritdoc IDelegation
    uint64 public immutable NOTICE;
    /// @inheritdoc IDelegation
    uint64 public immutable TERM_MAX;

    mapping(address account => Operator operator) private _operators;
    mapping(uint256 id => Record record) private _records;

    constructor(ILicense license, uint32 commissionPpmMax, uint32 commissionStepPpm, uint64 notice, uint64 termMax) {
        require(commissionPpmMax <= 1_000_000, CommissionAboveMaximum(commissionPpmMax, 1_000_000));
        LICENSE = license;
        COMMISSION_PPM_MAX = commissionPpmMax;
        COMMISSION_STEP_PPM = commissionStepPpm;
        NOTICE = notice;
        TERM_MAX = termMax;
    }

    /// @inheritdoc IDelegation
    function setCommission(uint32 commissionPpm) external {
        require(commissionPpm <= COMMISSION_PPM_MAX, CommissionAboveMaximum(commissionPpm, COMMISSION_PPM_MAX));
        Operator memory operator = _operators[msg.sender];
        (uint32 current,) = termsOf(msg.sender);
        uint64 from = uint64(block.timestamp);
        if (commissionPpm <= current || !operator.stated) {
            operator.stated = true;
            operator.commissionPpm = commissionPpm;
            operator.announcedFrom = 0;
        } else {
            require(
                commissionPpm - current <= COMMISSION_STEP_PPM,
                RaiseAboveStep(commissionPpm, current, COMMISSION_STEP_PPM)
            );
            from += NOTICE;
            operator.commissionPpm = current;
            operator.announcedPpm = commissionPpm;
            operator.announcedFrom = from;
        }
        _operators[msg.sender] = operator;
        emit CommissionAnnounced(msg.sender, commissionPpm, from);
    }

    /// @inheritdoc IDelegation
    function setOpen(bool open) external {
        require(_operators[msg.sender].stated, NoCommissionStated(msg.sender));
        _operators[msg.sender].open = open;
        emit Opened(msg.sender, open);
    }

    /// @inheritdoc IDelegation
    function delegate(uint256[] calldata ids, address operator, uint32 commissionPpmMax, uint64 expiry) external {
        require(ids.length <= BULK_MAX, TooMany(ids.length, BULK_MAX));
        (uint32 commissionPpm, bool open) = termsOf(operator);
        require(open, NotOpen(operator));
        require(commissionPpm <= commissionPpmMax, CommissionAboveMaximum(commissionPpm, commissionPpmMax));
        require(
            expiry > block.timestamp && expiry <= block.timestamp + TERM_MAX,
            ExpiryOutOfBounds(expiry, block.timestamp + 1, block.timestamp + TERM_MAX)
        );
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = ids[i];
            (address owner, uint256 transfers) = LICENSE.ownerAndTransferCount(id);
            require(owner == msg.sender, NotOwner(id, msg.sender, owner));
            // The commission is at most a million.
            _records[id] = Record({
                operator: operator,
                commissionPpm: uint24(commissionPpm),
                transfers: transfers.toUint32(),
                expiry: uint256(expiry).toUint40()
            });
        }
        emit Delegated(msg.sender, operator, ids, commissionPpm, expiry);
    }

    /// @inheritdoc IDelegation
    function end(uint256[] calldata ids) external {
        require(ids.length <= BULK_MAX, TooMany(ids.length, BULK_MAX));
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = ids[i];
            (address operator,,) = operatorOf(id);
            if (operator == address(0)) continue;
            require(
                msg.sender == operator || msg.sender == LICENSE.ownerOf(id), NeitherOwnerNorOperator(id, msg.sender)
            );
            delete _records[id];
            emit Ended(id, operator, msg.sender);
        }
    }

    /// @inheritdoc IDelegation
    function termsOf(address operator) public view returns (uint32 commissionPpm, bool open) {
        Operator memory terms = _operators[operator];
        bool started = terms.announcedFrom != 0 && terms.announcedFrom <= block.timestamp;
        return (started ? terms.announcedPpm : terms.commissionPpm, terms.open);
    }

    /// @inheritdoc IDelegation
    function announcedBy(address operator) external view returns (uint32 commissionPpm, uint64 from) {
        Operator memory terms = _operators[operator];
        if (terms.announcedFrom > block.timestamp) return (terms.announcedPpm, terms.announcedFrom);
    }

    /// @inheritdoc IDelegation
    function operatorOf(uint256 id) public view returns (address operator, uint32 commissionPpm, uint64 expiry) {
        Record memory record = _records[id];
        if (block.timestamp >= record.expiry || record.transfers != LICENSE.transferCount(id)) return (address(0), 0, 0);
        return (record.operator, record.commissionPpm, record.expiry);
    }
}
