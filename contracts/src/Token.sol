// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice A network's own token: ERC-20 with permit. Everything ever minted stays at or below the cap; only Emission mints.
contract Token is ERC20, ERC20Permit {
    /// @notice The only account that may mint, fixed at deployment.
    address public immutable EMISSION;
    /// @notice Everything ever minted stays at or below this, whatever is burnt.
    uint256 public immutable CAP;
    /// @notice Everything ever minted, in the smallest unit. Burning does not lower it.
    uint256 public minted;

    uint8 private immutable DECIMALS;

    error NotEmission(address caller);
    error CapExceeded(uint256 minted, uint256 amount, uint256 cap);

    constructor(string memory name, string memory symbol, uint8 decimals_, address emission, uint256 cap)
        ERC20(name, symbol)
        ERC20Permit(name)
    {
        DECIMALS = decimals_;
        EMISSION = emission;
        CAP = cap;
    }

    /// @notice Mints `amount` to `to`. Emission only.
    function mint(address to, uint256 amount) external {
        require(msg.sender == EMISSION, NotEmission(msg.sender));
        require(amount <= CAP - minted, CapExceeded(minted, amount, CAP));
        minted += amount;
        _mint(to, amount);
    }

    /// @notice Burns `amount` of the caller's own tokens.
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }
}
