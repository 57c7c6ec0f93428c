import "./headstart-breakdown.js";
