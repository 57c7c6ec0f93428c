import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { confineWorkers } from "./confined-workers";

confineWorkers();
const target = document.getElementById("page");
if (target) mount(App, { target });
