// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FreeToken} from "./FreeToken.sol";

/// @dev Calls somebody in the middle of the next transfer once armed, as tokens with hooks do, before the balances move and again
/// after, and keeps whether either call succeeded.
contract ReentrantToken is FreeToken(18) {
    address private _target;
    bytes private _call;
    bool private _armed;
    bool public called;
    bool public succeeded;

    /// @dev The next transfer calls `target`, which may be a contract that acts in its own name.
    function arm(address target, bytes calldata call) external {
        (_target, _call, _armed, called, succeeded) = (target, call, true, false, false);
    }

    function _update(address from, address to, uint256 value) internal override {
        bool isArmed = _armed;
        _armed = false;
        if (isArmed) callBack();
        super._update(from, to, value);
        if (isArmed) callBack();
    }

    function callBack() private {
        called = true;
        (bool success,) = _target.call(_call);
        if (success) succeeded = true;
    }
}
