// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FreeToken} from "./FreeToken.sol";

/// @dev Burns a hundredth of every transfer, so that less arrives than was sent.
contract FeeToken is FreeToken(18) {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0), value / 100);
    }
}
