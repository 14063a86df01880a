// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FreeToken} from "./FreeToken.sol";

/// @dev Refuses transfers from and to blocked accounts, as issuers of stablecoins can.
contract BlacklistToken is FreeToken(6) {
    mapping(address account => bool isBlocked) public blocked;

    error Blocked(address account);

    function setBlocked(address account, bool isBlocked) external {
        blocked[account] = isBlocked;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!blocked[from], Blocked(from));
        require(!blocked[to], Blocked(to));
        super._update(from, to, value);
    }
}
