// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FreeToken} from "./FreeToken.sol";

/// @dev Calls somebody in the middle of every transfer while armed, once, as tokens with receive hooks do, and keeps what came of it.
contract ReentrantToken is FreeToken(18) {
    address private _target;
    bytes private _call;
    bool private _armed;
    bool public called;
    bool public succeeded;

    /// @dev The next transfer calls `target`, which may be a contract that acts in its own name.
    function arm(address target, bytes calldata call) external {
        (_target, _call, _armed, called) = (target, call, true, false);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (!_armed) return;
        _armed = false;
        called = true;
        (succeeded,) = _target.call(_call);
    }
}
